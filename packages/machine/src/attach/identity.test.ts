import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isAlive, sleep } from '@goqemu/core';
import { foreignQemu } from '../fixture/foreign-qemu.ts';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { attachMachine } from '../machine/attach-machine.ts';
import { probeMachine } from '../machine/probe-machine.ts';

const run = promisify(execFile);

test('of two QEMUs on one path the one that answers is held, and it alone ends; the other is refused with both named', async (t) => {
  const folder = await temporaryFolder(t);
  const monitor = join(folder, 'm');
  const argv = ['-qmp', `unix:${monitor},server=on,wait=off`];
  const first = await foreignQemu(t, argv, monitor);
  const record = await attachMachine({ pid: first.pid }).then(async (machine) => {
    await machine.close();
    return machine.record;
  });
  const ready = join(folder, 'pid');
  const second = await foreignQemu(t, [...argv, '-pidfile', ready], ready);
  await assert.rejects(attachMachine({ pid: first.pid }), {
    code: 'machine-ambiguous',
    message: new RegExp(`process ${first.pid} .*process ${second.pid} .*answers there`),
  });
  await assert.rejects(attachMachine(record), { code: 'machine-replaced' });
  assert.equal(await probeMachine(record), 'unresponsive', 'what the other does is not reported for this one');
  const machine = await attachMachine({ socketPath: monitor });
  assert.equal(machine.record.pid, second.pid);
  await machine.kill();
  assert.deepEqual([second.signalCode, first.exitCode, first.signalCode], ['SIGKILL', null, null]);
});

test('a wrapper that stays is not the machine: by socket QEMU is found, by its own number it is refused with both named', async (t) => {
  const folder = await temporaryFolder(t);
  const monitor = join(folder, 'm');
  const argv = ['-qmp', `unix:${monitor},server=on,wait=off`];
  const wrapper = await foreignQemu(t, argv, monitor, { wrapper: ['timeout', '600'] });
  await assert.rejects(attachMachine({ pid: wrapper.pid }), {
    code: 'machine-ambiguous',
    message: new RegExp(`process ${wrapper.pid} \\(timeout\\), and process \\d+ \\(qemu-system-`),
  });
  const machine = await attachMachine({ socketPath: monitor });
  assert.notEqual(machine.record.pid, wrapper.pid);
  const left = once(wrapper, 'exit');
  await machine.kill();
  // timeout(1) ends with what ended its command: it was not ended itself.
  assert.deepEqual(
    [(await left).some((how) => how === 137 || how === 'SIGKILL'), await isAlive(machine.record)],
    [true, false],
  );
});

test('where the host does not show what processes have open, a program that is QEMU is taken, and one of two is not', async (t) => {
  const folder = await temporaryFolder(t);
  const monitor = join(folder, 'm');
  const argv = ['-qmp', `unix:${monitor},server=on,wait=off`];
  const openFiles = { of: async () => undefined };
  const first = await foreignQemu(t, argv, monitor);
  const machine = await attachMachine({ socketPath: monitor }, { openFiles });
  assert.equal(machine.record.pid, first.pid);
  await machine.close();
  const ready = join(folder, 'pid');
  const second = await foreignQemu(t, [...argv, '-pidfile', ready], ready);
  await assert.rejects(attachMachine({ socketPath: monitor }, { openFiles }), (error: Error) => {
    assert.match(error.message, /could not be seen which process answers/);
    return [first, second].every(({ pid }) => error.message.includes(`process ${pid} `));
  });
});

test('a machine of another program survives everything but an explicit end, which touches no file beside its socket', async (t) => {
  const folder = await temporaryFolder(t);
  const monitor = join(folder, 'inner', 'm.sock');
  const names = ['a', 'c', 'log', 'vnc', 'm', 'n', 'room', 'keys.psk', 'r.lock', 'a.lock', 'spice', 'r', 't', 's', 'w'];
  await run('mkdir', [join(folder, 'inner')]);
  for (const name of names) await writeFile(join(folder, 'inner', name), 'theirs');
  const qemu = await foreignQemu(t, ['-S', '-qmp', `unix:${monitor},server=on,wait=off`], monitor);
  const machine = await attachMachine({ socketPath: monitor });
  await assert.rejects(machine.agent({ timeoutMs: 100 }), { code: 'agent-absent' });
  await assert.rejects(machine.wait({ signal: AbortSignal.timeout(20) }));
  await assert.rejects(attachMachine({ pid: qemu.pid }, { timeoutMs: 100 }));
  await machine.close();
  const { record } = machine;
  assert.equal(await probeMachine(record), 'prelaunch');
  assert.equal(existsSync(record.runtimeFolder), false, 'goqemu leaves no folder for its locks');
  await holdAndDie(record, folder);
  assert.equal(await probeMachine(record), 'prelaunch');
  const again = await attachMachine(record);
  assert.equal((await again.quit()).how, 'quit');
  await again.close();
  assert.deepEqual((await readdir(join(folder, 'inner'))).sort(), names.sort());
});

test('a record that names the folder of another program is believed for the process, and not for the folder', async (t) => {
  const folder = await temporaryFolder(t);
  const monitor = join(folder, 'm');
  await writeFile(join(folder, 'log'), 'theirs');
  const { pid } = await foreignQemu(t, ['-qmp', `unix:${monitor},server=on,wait=off`], monitor);
  const found = await attachMachine({ pid });
  await found.close();
  await using machine = await attachMachine({ ...found.record, runtimeFolder: folder });
  await machine.kill();
  assert.deepEqual((await readdir(folder)).sort(), ['log', 'm']);
});

/** Another process attaches, and is killed while it holds the machine. */
async function holdAndDie(record: object, folder: string): Promise<void> {
  const module_ = new URL('../machine/attach-machine.ts', import.meta.url).href;
  const ready = join(folder, 'ready');
  const script = `const { attachMachine } = await import(${JSON.stringify(module_)});
await attachMachine(${JSON.stringify(record)});
(await import('node:fs')).writeFileSync(${JSON.stringify(ready)}, '');
setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: 'ignore' });
  while (!existsSync(ready)) await sleep(20);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
}
