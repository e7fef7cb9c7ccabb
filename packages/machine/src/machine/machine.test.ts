import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { hasErrorCode, hostProcessTable, isAlive, sleep } from '@goqemu/core';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import { hostCommandLines, splitAtOptions } from '../process/command-line.ts';
import { attachMachine } from './attach-machine.ts';
import type { Machine } from './machine.ts';
import type { MachineState } from './machine-state.ts';
import { probeMachine } from './probe-machine.ts';

test('pausing and resuming is seen by state, by status and by a listener', async (t) => {
  const machine = await testMachine(t, { startPaused: true });
  const seen: MachineState[] = [];
  machine.onStateChange(({ state }) => seen.push(state));
  assert.equal(await machine.status(), 'prelaunch');
  await machine.resume();
  assert.equal(machine.state, 'running');
  await machine.pause();
  assert.equal(await machine.status(), 'paused');
  await machine.quit();
  assert.deepEqual(seen, ['prelaunch', 'running', 'paused', 'shutdown']);
});

test('reset goes through without the guest', async (t) => {
  const machine = await testMachine(t);
  const reset = machine.qmp.waitFor('RESET');
  await machine.reset();
  assert.equal((await reset).data.reason, 'host-qmp-system-reset');
});

test('the ladder continues from a guest that does not listen to QMP quit, and tells why', async (t) => {
  const machine = await testMachine(t);
  const { how, steps, exit } = await machine.stop({ timeouts: { acpi: 150 } });
  assert.equal(how, 'quit');
  assert.deepEqual(
    steps.map(({ rung, outcome }) => [rung, outcome]),
    [
      ['guest-agent', 'skipped'],
      ['acpi', 'timed-out'],
      ['quit', 'ended'],
    ],
  );
  assert.match(steps[0]?.reason ?? '', /no guest agent/);
  assert.equal(exit.cause, 'host');
});

test('a paused machine is not asked for what only a running guest can do', async (t) => {
  const machine = await testMachine(t, { guestAgent: true });
  await machine.pause();
  const { how, steps } = await machine.stop();
  assert.equal(how, 'quit');
  assert.match(steps[1]?.reason ?? '', /the machine is paused/);
});

test('SIGTERM comes after quit, SIGKILL is the last, and each can be left out', async (t) => {
  const gentle = await testMachine(t);
  const term = await gentle.quit({ timeouts: { quit: 0 } });
  assert.deepEqual([term.how, term.exit.reason], ['sigterm', 'host-signal']);
  const hard = await testMachine(t);
  const kill = await hard.kill();
  assert.deepEqual([kill.how, kill.exit.signal, kill.exit.cause], ['sigkill', 'SIGKILL', 'failed']);
});

test('a process that was stopped with SIGSTOP is recognised, and ended by SIGKILL', async (t) => {
  const machine = await testMachine(t);
  process.kill(machine.record.pid, 'SIGSTOP');
  assert.equal(await probeMachine(machine.record, { timeoutMs: 200 }), 'unresponsive');
  const { how, steps } = await machine.stop({ timeouts: { acpi: 0, quit: 100, sigterm: 100 } });
  assert.equal(how, 'sigkill');
  assert.deepEqual(
    steps.slice(2).map((step) => step.outcome),
    ['timed-out', 'timed-out', 'ended'],
  );
});

test('wait reports an end that was caused from outside', async (t) => {
  const machine = await testMachine(t);
  const waiting = machine.wait();
  process.kill(machine.record.pid, 'SIGKILL');
  const exit = await waiting;
  assert.deepEqual([exit.cause, exit.signal], ['failed', 'SIGKILL']);
  assert.equal(machine.state, 'shutdown');
  const after = await machine.stop();
  assert.deepEqual([after.how, after.steps], [undefined, []]);
});

test('a wait can be given up', async (t) => {
  const machine = await testMachine(t);
  await assert.rejects(machine.wait({ signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
  assert.equal(await machine.status(), 'running');
});

test('a machine is attached to by its record after its first holder has let go', async (t) => {
  const first = await testMachine(t);
  await first.pause();
  await first.close();
  assert.equal(await isAlive(first.record), true);
  await using second = await attachMachine(JSON.parse(JSON.stringify(first.record)));
  assert.equal(second.state, 'paused');
  const { exit } = await second.quit();
  assert.equal(exit.reason, 'host-qmp-quit');
});

test('a machine is attached to by its process, and by a socket alone', async (t) => {
  const first = await testMachine(t, { name: 'web', cpus: 2, guestAgent: true });
  await first.close();
  const byPid = await attachMachine({ pid: first.record.pid });
  // Known to the caller that starts a machine: the log is in no argument, and ps may have mangled those.
  const { stderrLog, guestArguments, ...known } = first.record;
  assert.ok(stderrLog && guestArguments);
  assert.deepEqual(byPid.record, known);
  await byPid.close();
  const { control } = first.record.sockets;
  assert.equal(control.kind, 'unix');
  if (control.kind !== 'unix') return;
  await using bySocket = await attachMachine({ socketPath: control.path });
  assert.deepEqual(bySocket.record, known);
  await assert.rejects(attachMachine({ socketPath: '/nowhere' }), (error) => hasErrorCode(error, 'machine-not-found'));
  await assert.rejects(attachMachine({ pid: process.pid }), (error) => hasErrorCode(error, 'machine-not-found'));
});

test('a machine is found from one line of arguments, as ps gives it on macOS', async (t) => {
  const first = await testMachine(t, { name: 'my vm', drives: [], guestAgent: true });
  await first.close();
  const { pid } = first.record;
  const commandLines = {
    of: async () => splitAtOptions(((await hostCommandLines().of(pid)) ?? []).join(' ')),
    containing: async () => [pid],
  };
  await using machine = await attachMachine({ pid }, { commandLines });
  const { name, sockets } = machine.record;
  const { control, tools } = first.record.sockets;
  // QEMU may not have seen yet that the first holder has left: then it is the other monitor.
  const monitor = [control, tools].find((one) => isDeepStrictEqual(one, sockets.control));
  assert.ok(monitor, JSON.stringify(sockets.control));
  assert.deepEqual([name, sockets], ['my vm', { ...first.record.sockets, control: monitor }]);
});

test('a QEMU that was started elsewhere is held like one of ours', async (t) => {
  const path = join(await temporaryFolder(t), 'their,monitor');
  const qemu = spawn(
    (await testQemu()).systemPath,
    [
      '-nodefaults',
      '-display',
      'none',
      '-accel',
      'tcg',
      '-S',
      '-qmp',
      `unix:${path.replaceAll(',', ',,')},server=on,wait=off`,
    ],
    { stdio: 'ignore' },
  );
  t.after(() => qemu.kill('SIGKILL'));
  while (!existsSync(path)) await sleep(10);
  const machine = await attachMachine({ socketPath: path });
  assert.equal(machine.state, 'prelaunch');
  await machine.resume();
  const { how, exit } = await machine.quit();
  assert.deepEqual([how, exit.reason], ['quit', 'host-qmp-quit']);
});

test('a second holder learns that the monitor is busy', async (t) => {
  const machine = await testMachine(t);
  await assert.rejects(attachMachine(machine.record, { timeoutMs: 200 }), (error) =>
    hasErrorCode(error, 'qmp-no-greeting'),
  );
});

test('another process with the same pid, another boot and another machine at the socket are recognised', async (t) => {
  const machine = await testMachine(t);
  const reused = { ...machine.record, startTime: '1' };
  const rebooted = { ...machine.record, bootId: '00000000-0000-0000-0000-000000000000' };
  const other = { ...machine.record, uuid: '99999999-2222-4333-8444-555555555555' };
  for (const record of [reused, rebooted]) {
    assert.equal(await probeMachine(record), 'gone');
    await assert.rejects(attachMachine(record), (error) => hasErrorCode(error, 'machine-gone'));
  }
  assert.equal(await probeMachine(other), 'gone');
  await machine.close();
  await assert.rejects(attachMachine(other), (error) => hasErrorCode(error, 'machine-replaced'));
});

test('a QEMU whose sockets are closed and whose process is still ending is gone', async (t) => {
  const machine = await testMachine(t);
  await machine.kill();
  let looks = 0;
  const { pid, startTime, bootId } = machine.record;
  const ending = { identify: async () => (++looks < 4 ? { pid, startTime, bootId } : undefined) };
  await assert.rejects(attachMachine(machine.record, { processes: ending }), (error) =>
    hasErrorCode(error, 'machine-gone'),
  );
});

test('no signal is sent to a process that only has the pid', async (t) => {
  const first = await testMachine(t);
  await first.close();
  const real = hostProcessTable();
  let reused = false;
  const processes = {
    identify: async (pid: number) => {
      const identity = await real.identify(pid);
      return reused && identity ? { ...identity, startTime: 'later' } : identity;
    },
  };
  const machine = await attachMachine(first.record, { processes });
  reused = true;
  const { how, exit } = await machine.kill();
  assert.deepEqual([how, exit.cause], [undefined, 'unknown']);
  assert.equal(await isAlive(first.record), true);
});

test('readers take turns, and the holder is not disturbed', async (t) => {
  const machine = await testMachine(t);
  const states = await Promise.all(Array.from({ length: 5 }, () => probeMachine(machine.record, { timeoutMs: 5000 })));
  assert.deepEqual([...new Set(states)], ['running']);
  assert.equal(await machine.status(), 'running');
});

test('of many probes each has its whole time-out from its turn on; who gets no answer says unresponsive, not gone', async (t) => {
  const { record } = await testMachine(t);
  const { readers } = record.sockets;
  assert.ok(readers.kind === 'unix');
  const behind = `${readers.path}-behind`;
  await rename(readers.path, behind);
  const answer = { afterMs: 300 as number | undefined };
  const ends: Socket[] = [];
  const monitor = createServer((reader) => {
    ends.push(reader.on('error', () => undefined));
    if (answer.afterMs === undefined) return;
    setTimeout(() => {
      const qemu = connect(behind).on('error', () => reader.destroy());
      ends.push(qemu);
      reader.pipe(qemu).pipe(reader);
    }, answer.afterMs);
  }).listen(readers.path);
  await once(monitor, 'listening');
  t.after(() => {
    for (const end of ends) end.destroy();
    monitor.close();
  });
  const probes = (count: number, timeoutMs: number) =>
    Promise.all(Array.from({ length: count }, () => probeMachine(record, { timeoutMs })));
  assert.deepEqual([...new Set(await probes(8, 2000))], ['running'], 'together they wait for longer than 2 s');
  answer.afterMs = undefined;
  assert.deepEqual(await probes(3, 200), ['unresponsive', 'unresponsive', 'unresponsive']);
});

test('the guest agent is met in turn, and its turn is given back on closing', async (t) => {
  const machine = await machineWithAgent(t);
  const first = await machine.agent();
  await assert.rejects(machine.agent({ timeoutMs: 100 }), (error) => hasErrorCode(error, 'locked'));
  await first.close();
  const second = await machine.agent({ timeoutMs: 100 });
  await second.ping();
  await second.close();
});

test('a machine without a port for an agent says so', async (t) => {
  const machine = await testMachine(t);
  await assert.rejects(machine.agent(), (error) => hasErrorCode(error, 'agent-absent'));
  await assert.rejects(machine.openStandbyPort(), (error) => hasErrorCode(error, 'standby-port-absent'));
});

/** A machine whose agent's socket is that of a server that answers as qemu-ga does to a sync and to a ping. */
async function machineWithAgent(t: TestContext): Promise<Machine> {
  const path = join(await temporaryFolder(t), 'agent');
  const server = createServer((socket) => {
    socket.on('data', (data: Buffer) => {
      for (const line of data.toString('latin1').split('\n')) {
        const id = /"id":(\d+)/.exec(line)?.[1];
        if (id) socket.write(Buffer.concat([Buffer.of(0xff), Buffer.from(`{"return":${id}}\n`)]));
        else if (line.includes('guest-ping')) socket.write('{"return":{}}\n');
      }
    });
  }).listen(path);
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const real = await testMachine(t, { guestAgent: true });
  await real.close();
  const sockets = { ...real.record.sockets, agent: { kind: 'unix' as const, path } };
  const machine = await attachMachine({ ...real.record, sockets });
  t.after(() => machine.close());
  return machine;
}

test('events are iterated in order: states, what QEMU sent, and the exit as the last', async (t) => {
  const machine = await testMachine(t, { startPaused: true });
  const events = machine.events();
  await machine.resume();
  await machine.pause();
  const stopping = machine.quit();
  const seen: string[] = [];
  for await (const event of events) {
    if (event.kind === 'state') seen.push(event.state);
    if (event.kind === 'qmp') seen.push(event.event.event);
    if (event.kind === 'exit') seen.push(`exit: ${event.exit.reason}`);
  }
  await stopping;
  assert.deepEqual(
    seen.filter((name) => name !== 'prelaunch'),
    ['RESUME', 'running', 'STOP', 'paused', 'SHUTDOWN', 'shutdown', 'exit: host-qmp-quit'],
  );
});

test('listeners of events are notified of an end by SIGKILL', async (t) => {
  const machine = await testMachine(t);
  const events = machine.events();
  process.kill(machine.record.pid, 'SIGKILL');
  const kinds: string[] = [];
  for await (const event of events) kinds.push(event.kind === 'exit' ? `exit: ${event.exit.signal}` : event.kind);
  assert.equal(kinds.at(-1), 'exit: SIGKILL');
});

test('an iteration that is left, and one whose machine is closed, ends', async (t) => {
  const machine = await testMachine(t);
  const left = machine.events();
  await left.return?.();
  assert.equal((await left.next()).done, true);
  const closed = machine.events();
  await machine.close();
  assert.equal((await closed.next()).done, true);
});

test('a guest that panics is crashed, and its exit says so', async (t) => {
  const machine = await testMachine(t, { startPaused: true, extraArguments: ['-device', 'pvpanic'] });
  // What a guest's driver writes to the panic port, 0x505 (docs/specs/pvpanic).
  await machine.humanMonitor('o /b 0x505 1');
  const exit = await machine.wait({ signal: AbortSignal.timeout(5000) });
  assert.deepEqual([exit.cause, exit.reason], ['crashed', 'guest-panic']);
});

test('a machine that survives its power-off runs again after a reset, and its guest is asked before it ends', async (t) => {
  // The first reset stands for a guest that powers off: both make QEMU report SHUTDOWN and stop.
  const machine = await testMachine(t, { extraArguments: ['-action', 'reboot=shutdown,shutdown=pause'] });
  const off = machine.qmp.waitFor('STOP');
  await machine.reset();
  await off;
  assert.deepEqual([machine.state, await machine.status()], ['shutdown', 'shutdown']);
  await machine.qmp.execute('set-action', { reboot: 'reset' });
  const reset = machine.qmp.waitFor('RESET');
  await machine.reset();
  await reset;
  await machine.resume();
  assert.deepEqual([machine.state, await machine.status()], ['running', 'running']);
  const { steps, exit } = await machine.stop({ timeouts: { acpi: 50 } });
  assert.equal(steps.find(({ rung }) => rung === 'acpi')?.outcome, 'timed-out', 'the power button was pressed');
  assert.equal(exit.reason, 'host-qmp-quit');
});

test('a machine that survives a panic is crashed, runs again after a reset, and did not end by the panic', async (t) => {
  const machine = await testMachine(t, { extraArguments: ['-device', 'pvpanic', '-action', 'panic=pause'] });
  const stopped = machine.qmp.waitFor('STOP');
  await machine.humanMonitor('o /b 0x505 1');
  await stopped;
  assert.deepEqual([machine.state, await machine.status()], ['crashed', 'crashed']);
  const reset = machine.qmp.waitFor('RESET');
  await machine.reset();
  await reset;
  await machine.resume();
  assert.deepEqual([machine.state, await machine.status()], ['running', 'running']);
  assert.equal((await machine.quit()).exit.cause, 'host');
});

test('pausing a machine that has not started yet leaves it in the state that QEMU has', async (t) => {
  const machine = await testMachine(t, { startPaused: true });
  await machine.pause();
  assert.equal(machine.state, 'prelaunch');
});
