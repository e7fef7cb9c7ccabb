import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { isGoqemuError } from '@goqemu/core';
import {
  askReader,
  attachMachine,
  findQemu,
  launchMachine,
  type Machine,
  type MachineConfigInput,
  openReader,
  probeMachine,
} from '@goqemu/machine';
import { comesDownTo, descriptorsOf, firingAtLook, type Moment, qemuChildren } from './hostile-caller.ts';

// An unhandled rejection fails a test of Node's runner by itself.

const folder = await mkdtemp(join(tmpdir(), 'gqh-'));
after(() => rm(folder, { recursive: true, force: true }));
const installation = await findQemu({ arch: 'x86_64' });
const moments: readonly Moment[] = ['at once', 'a moment later'];
const small: MachineConfigInput = { accelerator: 'tcg', memory: '64 MiB', startPaused: true };
let folders = 0;

function launch(config: MachineConfigInput = {}, options: Parameters<typeof launchMachine>[1] = {}): Promise<Machine> {
  const runtimeFolder = join(folder, `${folders++}`);
  return launchMachine({ ...small, runtimeFolder, ...config }, { installation, ...options });
}

async function launched(t: TestContext, config: MachineConfigInput = {}): Promise<Machine> {
  const machine = await launch(config);
  t.after(async () => {
    await machine.kill();
    await machine.close();
  });
  return machine;
}

/** Which looks a call is given up at: all in the long form, else those that lie further and further apart. */
function* looks(): Generator<number> {
  for (let n = 1; n < 200; n += process.env.GOQEMU_SOAK || n < 6 ? 1 : Math.ceil(n / 2)) yield n;
}

/** Gives a call up at its first look at the signal, at its second, and so on, until it ends before it is given up. */
async function giveUpAtEach(call: (signal: AbortSignal) => Promise<unknown>): Promise<number> {
  let given = 0;
  for (const moment of moments) {
    for (const n of looks()) {
      const { signal, fired } = firingAtLook(n, moment);
      await call(signal).catch((error: Error) => {
        if (!signal.aborted) throw error;
      });
      if (!fired()) break;
      given += 1;
    }
  }
  assert.ok(given > 0, 'the call never looks at its signal');
  return given;
}

test('a start that is given up at any moment leaves no process, no descriptor and no folder', async () => {
  await (await launch()).kill(); // what Node.js opens once is open now
  const before = descriptorsOf('self');
  await giveUpAtEach(async (signal) => {
    const machine = await launch({}, { signal });
    await machine.kill();
    await machine.close();
  });
  assert.equal(await comesDownTo(0, () => qemuChildren().length), 0);
  assert.equal(await comesDownTo(before, () => descriptorsOf('self')), before);
  assert.deepEqual(await readdir(folder), []);
});

test('attaching that is given up at any moment leaves the machine as it was, and its monitors free', async (t) => {
  const machine = await launched(t);
  await machine.close();
  const { record } = machine;
  const { control } = record.sockets;
  assert.equal(control.kind, 'unix');
  const socketPath = control.kind === 'unix' ? control.path : '';
  const counts = () => [descriptorsOf('self'), descriptorsOf(record.pid)] as const;
  await (await attachMachine(record)).close();
  const [own, theirs] = counts();
  for (const target of [record, { pid: record.pid }, { socketPath }])
    await giveUpAtEach(async (signal) => (await attachMachine(target, { signal, timeoutMs: 20_000 })).close());
  await giveUpAtEach((signal) => probeMachine(record, { signal, timeoutMs: 20_000 }));
  await giveUpAtEach(async (signal) => (await openReader(record, { signal, timeoutMs: 20_000 })).close());
  await giveUpAtEach((signal) => askReader(record, ['query-status'], { signal, timeoutMs: 20_000 }));
  // QEMU may still have held the first connection when it was counted: fewer than that is right too.
  assert.ok((await comesDownTo(own, () => counts()[0])) <= own);
  assert.ok((await comesDownTo(theirs, () => counts()[1])) <= theirs);
  assert.equal(await probeMachine(record, { timeoutMs: 20_000 }), 'prelaunch');
});

test('what is asked of a machine and given up at any moment leaves no descriptor here or in QEMU', async (t) => {
  const machine = await launched(t, { display: { kind: 'vnc' }, video: 'std', guestAgent: true });
  const calls: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
    status: (signal) => machine.status({ signal }),
    pause: (signal) => machine.pause({ signal }),
    resume: (signal) => machine.resume({ signal }),
    reset: (signal) => machine.reset({ signal }),
    shutdown: (signal) => machine.shutdown({ signal }),
    screenshot: (signal) => machine.display.screenshot({ signal }),
    'list of disks': (signal) => machine.blocks.list({ signal }),
    'human monitor': (signal) => machine.humanMonitor('info status', { signal }),
    'VNC client': (signal) => vncClient(machine, signal),
    agent: async (signal) => {
      const agent = machine.agent({ signal, timeoutMs: 50 });
      await agent.catch((error) => {
        if (!isGoqemuError(error)) throw error;
      });
    },
  };
  const counts = () => [descriptorsOf('self'), descriptorsOf(machine.record.pid)] as const;
  for (const call of Object.values(calls)) await call(new AbortController().signal);
  const [own, theirs] = counts();
  for (const [name, call] of Object.entries(calls)) {
    await giveUpAtEach(call);
    await comesDownTo(own, () => counts()[0]);
    await comesDownTo(theirs, () => counts()[1]);
    assert.ok(counts()[0] <= own && counts()[1] <= theirs, `${name}: ${counts()}, before ${[own, theirs]}`);
  }
  assert.match(await machine.status(), /^(running|paused)$/);
});

/** Hands a client over, and leaves as a client does. */
async function vncClient(machine: Machine, signal: AbortSignal): Promise<void> {
  const path = join(folder, `vnc-${folders++}`);
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const far = connect(path).on('error', () => undefined);
  const [near] = (await once(server, 'connection')) as [Socket];
  try {
    await machine.display.addVncClient(near, { signal, skipAuth: true });
  } finally {
    far.destroy();
    server.close();
  }
}

test('an end that is given up at any moment can be asked for again, and leaves nothing', async () => {
  await giveUpAtEach(async (signal) => {
    const machine = await launch();
    try {
      await machine.quit({ signal });
    } finally {
      await machine.kill();
      await machine.close();
    }
  });
  assert.equal(await comesDownTo(0, () => qemuChildren().length), 0);
  assert.deepEqual(await readdir(folder), []);
});

test('listeners that throw keep no other listener and no call from its work', async (t) => {
  const thrown: string[] = [];
  const onWarning = (warning: Error) => thrown.push(warning.message.replace(/^.* threw: /, ''));
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const machine = await launched(t);
  const hostile = (name: string) => () => {
    throw new Error(name);
  };
  const heard: string[] = [];
  machine.onStateChange(hostile('state'));
  machine.onStateChange(({ state }) => heard.push(state));
  machine.qmp.on('RESUME', hostile('RESUME'));
  machine.qmp.onAny(hostile('any'));
  machine.qmp.onAny(({ event }) => heard.push(event));
  await machine.resume();
  await machine.pause();
  const { how } = await machine.quit();
  assert.equal(how, 'quit');
  for (const name of ['running', 'paused', 'shutdown', 'RESUME', 'STOP', 'SHUTDOWN']) assert.ok(heard.includes(name));
  // A process emits its warnings in a turn of their own.
  assert.equal(await comesDownTo(0, () => 3 - new Set(thrown).size), 0);
  assert.deepEqual(new Set(thrown), new Set(['state', 'RESUME', 'any']));
});

test('a log that throws leaves no process of a start', async () => {
  const logger = {
    log: () => {
      throw new Error('disk full');
    },
  };
  await assert.rejects(launch({}, { logger }), { message: 'disk full' });
  assert.equal(await comesDownTo(0, () => qemuChildren().length), 0);
  assert.deepEqual(await readdir(folder), []);
});

test('every path that is missing is refused with a code, and leaves nothing', async (t) => {
  const nowhere = join(folder, 'nowhere', 'x');
  const before = descriptorsOf('self');
  for (const config of [
    { drives: [{ source: nowhere }] },
    { cdroms: [{ source: nowhere }] },
    { firmware: { kind: 'uefi', code: nowhere, variables: nowhere } },
    { kernel: { image: nowhere } },
  ]) {
    const error = await launch(config as unknown as MachineConfigInput).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(isGoqemuError(error), `${JSON.stringify(config)}: ${error}`);
    assert.notEqual(error.source, 'internal', error.message);
  }
  assert.equal(await comesDownTo(0, () => qemuChildren().length), 0);
  assert.equal(await comesDownTo(before, () => descriptorsOf('self')), before);
  const machine = await launched(t, { cdroms: [{}] });
  await assert.rejects(machine.memory.dump(nowhere), isGoqemuError);
  await assert.rejects(machine.blocks.changeMedium('cd0', nowhere), isGoqemuError);
  await assert.rejects(attachMachine({ socketPath: nowhere }), { code: 'machine-not-found' });
  await assert.rejects(attachMachine({ pid: 2 ** 30 }), { code: 'machine-not-found' });
});
