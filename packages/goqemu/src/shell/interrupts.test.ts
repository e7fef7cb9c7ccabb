import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { listenForInterrupts } from './interrupts.ts';

function listening(platform: NodeJS.Platform = 'linux') {
  const exits: (number | string | null | undefined)[] = [];
  const host = Object.assign(new EventEmitter(), {
    platform,
    exit: (code?: number | string | null) => exits.push(code),
  });
  const signals = listenForInterrupts(host as never);
  const seen = () => [signals.interrupt.aborted, signals.kill.aborted];
  return { host, signals, seen, exits };
}

test('Ctrl-C stops, again it interrupts what runs, and a third time it exits with 130', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { host, seen, exits, signals } = listening();
  assert.deepEqual(seen(), [false, false]);
  host.emit('SIGINT');
  context.mock.timers.tick(60_000);
  assert.deepEqual(seen(), [true, false], 'a person decides when it is enough');
  host.emit('SIGINT');
  assert.deepEqual(seen(), [true, true]);
  assert.equal(signals.exitCode(), 130);
  host.emit('SIGINT');
  assert.deepEqual(exits, [130]);
});

test('on Windows Ctrl-Break is as Ctrl-C', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { host, seen, exits, signals } = listening('win32');
  host.emit('SIGBREAK');
  context.mock.timers.tick(60_000);
  assert.deepEqual([...seen(), signals.exitCode()], [true, false, 130], 'a person decides when it is enough');
  host.emit('SIGINT');
  assert.deepEqual(seen(), [true, true]);
  host.emit('SIGBREAK');
  assert.deepEqual(exits, [130]);
  assert.equal(listening().host.listenerCount('SIGBREAK'), 0);
});

test('SIGTERM stops, and interrupts what still runs 10 s later; the exit code is 143', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { host, seen, signals } = listening();
  host.emit('SIGTERM');
  context.mock.timers.tick(9_999);
  assert.deepEqual(seen(), [true, false]);
  context.mock.timers.tick(1);
  assert.deepEqual(seen(), [true, true]);
  assert.equal(signals.exitCode(), 143);
});

test('a second SIGTERM does not wait', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { host, seen } = listening();
  host.emit('SIGTERM');
  host.emit('SIGTERM');
  assert.deepEqual(seen(), [true, true]);
});

test('while signals are left to the host it ends a program that never returns', async () => {
  const script = `import { leaveSignals, listenForInterrupts } from ${JSON.stringify(new URL('./interrupts.ts', import.meta.url).href)};
    listenForInterrupts();
    leaveSignals();
    console.log('looping');
    for (;;);`;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [null, 'SIGTERM']);
});
