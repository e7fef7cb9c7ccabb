import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GuestAgentClient } from 'goqemu/qga';
import { QmpClient, ReconnectingQmpClient } from 'goqemu/qmp';

/**
 * The public clients, used by a caller that throws in every listener, gives up at every moment, and names what is not
 * there; against real servers. What counts is what is left behind.
 */

interface Server {
  readonly folder: string;
  readonly socket: string;
  readonly pid: number;
}

async function start(
  t: TestContext,
  program: string,
  args: (server: Omit<Server, 'pid'>) => string[],
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-hostile-'));
  const socket = join(folder, 's');
  const child = spawn(program, args({ folder, socket }), { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });
  while (!(await readFile('/proc/net/unix', 'utf8')).includes(` ${socket}\n`)) await pause(10);
  return { folder, socket, pid: child.pid ?? 0 };
}

const startQemu = (t: TestContext) =>
  start(t, 'qemu-system-x86_64', ({ socket }) => [
    ...['-machine', 'none', '-accel', 'tcg', '-display', 'none', '-nodefaults', '-no-user-config'],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
  ]);

const startStorageDaemon = (t: TestContext) =>
  start(t, 'qemu-storage-daemon', ({ socket }) => [
    ...['--chardev', `socket,path=${socket},server=on,wait=off,id=c`, '--monitor', 'chardev=c'],
  ]);

/** It would act on this very host, so what could harm it is forbidden. */
const harmful =
  'guest-shutdown,guest-suspend-disk,guest-suspend-ram,guest-suspend-hybrid,guest-set-time,guest-fsfreeze-freeze,guest-fsfreeze-freeze-list,guest-fstrim,guest-set-user-password,guest-set-vcpus,guest-set-memory-blocks';

const startAgent = (t: TestContext) =>
  start(t, existsSync('/usr/sbin/qemu-ga') ? '/usr/sbin/qemu-ga' : 'qemu-ga', ({ folder, socket }) => [
    ...['-m', 'unix-listen', '-p', socket, '-t', folder, '-f', join(folder, 'pid'), '-b', harmful],
  ]);

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a process has open of a folder. */
async function openIn(pid: number | 'self', folder: string): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(`${folder}/`) && !path.endsWith('/pid'));
}

/** What is left may still be on its way out, in order behind what was given up. */
async function untilEmpty(what: string, look: () => Promise<readonly unknown[]>): Promise<void> {
  let left = await look();
  for (let tries = 0; left.length > 0 && tries < 200; tries += 1) {
    await pause(25);
    left = await look();
  }
  assert.deepEqual(left, [], what);
}

const mine = new Error('mine');

/** A signal that the caller fires at its n-th turn of the event loop. */
function abortAtTurn(turn: number): AbortSignal {
  const controller = new AbortController();
  const next = (left: number): void => {
    if (left === 0) controller.abort(mine);
    else setImmediate(() => next(left - 1));
  };
  next(turn);
  return controller.signal;
}

/** Everything that is thrown where nothing awaits it, during a test. */
function watchProcess(t: TestContext): unknown[] {
  const unhandled: unknown[] = [];
  const take = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', take);
  t.after(() => process.off('unhandledRejection', take));
  return unhandled;
}

/** At its first turns, and then at ever later ones, until the work is done before its signal. */
async function giveUpEverywhere(
  work: (signal: AbortSignal) => Promise<unknown>,
  check: (turn: number) => Promise<void>,
): Promise<void> {
  let finished = 0;
  for (let turn = 0; finished < 2 && turn < 400; turn += 1 + Math.floor(turn / 6)) {
    try {
      await work(abortAtTurn(turn));
      finished += 1;
    } catch (error) {
      assert.equal(error, mine, `turn ${turn}`);
    }
    await check(turn);
  }
}

for (const [name, startMonitor] of [
  ['QEMU', startQemu],
  ['qemu-storage-daemon', startStorageDaemon],
] as const) {
  test(`${name}: a job that is given up at any moment leaves no job and no open file`, async (t) => {
    const unhandled = watchProcess(t);
    const { socket, folder, pid } = await startMonitor(t);
    await using qmp = await QmpClient.connect({ path: socket });
    const source = join(folder, 'source');
    const target = join(folder, 'target');
    await writeFile(source, '');
    await writeFile(target, '');
    await truncate(source, 4 * 2 ** 20);
    await truncate(target, 4 * 2 ** 20);
    for (const filename of [source, target]) {
      const node = filename === source ? 'source' : 'target';
      await qmp.execute('blockdev-add', { driver: 'file', 'node-name': node, filename });
    }
    const before = await openIn(pid, folder);
    const backup = { 'job-id': 'j', device: 'source', target: 'target', sync: 'full', speed: 2 ** 24 } as const;
    const throwing = () => {
      throw mine;
    };
    await giveUpEverywhere(
      (signal) => qmp.runJob('blockdev-backup', backup, { signal, onProgress: throwing, progressIntervalMs: 1 }),
      async (turn) => {
        await untilEmpty(`jobs after turn ${turn}`, () => qmp.execute('query-jobs'));
      },
    );
    assert.deepEqual(await openIn(pid, folder), before);
    assert.deepEqual(unhandled, []);
  });
}

test('QEMU: listeners that throw keep nothing from the others, and every command can be given up', async (t) => {
  const unhandled = watchProcess(t);
  const { socket } = await startQemu(t);
  const throwing = () => {
    throw mine;
  };
  const rejecting = () => Promise.reject(mine) as never;
  await using qmp = new ReconnectingQmpClient({ path: socket }, { onState: throwing });
  const seen: string[] = [];
  for (const listener of [throwing, rejecting, () => seen.push('on')]) qmp.on('STOP', listener);
  await qmp.execute('cont');
  qmp.client?.onAny(throwing);
  qmp.client?.on('STOP', throwing);
  qmp.client?.on('STOP', () => seen.push('client'));
  await qmp.execute('stop');
  assert.deepEqual(seen.sort(), ['client', 'on']);
  const { client } = qmp;
  assert.ok(client);
  await assert.rejects(client.waitFor('RESUME', { match: throwing, trigger: () => client.execute('cont') }), mine);
  await assert.rejects(client.waitFor('STOP', { trigger: throwing }), mine);
  for (let turn = 0; turn < 5; turn += 1) {
    const signal = abortAtTurn(turn);
    for (const work of [client.execute('query-status', undefined, { signal }), client.waitFor('RESET', { signal })]) {
      await work.catch((error: unknown) => assert.equal(error, mine));
    }
  }
  await assert.rejects(QmpClient.connect({ path: socket }, { signal: abortAtTurn(9) }), mine); // it is busy
  await assert.rejects(QmpClient.connect({ path: '/nowhere/s' }), { code: 'connect-failed' });
  await client.execute('query-status');
  await qmp.close();
  assert.deepEqual(unhandled, []);
});

test('qemu-ga: whatever is given up at any moment leaves no open file, no draft and no folder', async (t) => {
  const unhandled = watchProcess(t);
  const { socket, folder, pid } = await startAgent(t);
  await using agent = await GuestAgentClient.connect({ path: socket });
  const local = join(folder, 'local');
  const guest = join(folder, 'guest');
  await writeFile(local, Buffer.alloc(100_000, 'local'));
  await writeFile(guest, Buffer.alloc(100_000, 'guest'));
  const copied = join(folder, 'copied');
  const chunkBytes = 50_000;
  const works: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => agent.readFile(guest, { signal, chunkBytes }),
    (signal) => agent.copyFrom(guest, copied, { signal, chunkBytes }),
    (signal) => agent.copyTo(local, join(folder, 'in'), { signal, chunkBytes }),
    (signal) => agent.exec({ path: 'true', env: { A: '1' }, signal }),
  ];
  for (const work of works) await giveUpEverywhere(work, async () => undefined);
  await untilEmpty('open files of the agent', () => openIn(pid, folder));
  await untilEmpty('open files of this process', () => openIn('self', folder));
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('.goqemu-')),
    [],
  );
  const throwing = () => {
    throw mine;
  };
  await assert.rejects(
    agent.execStreaming({ path: 'echo', args: ['a'], env: { TMPDIR: folder }, onStdout: throwing }),
    mine,
  );
  await untilEmpty('open files of the agent after a stream', () => openIn(pid, folder));
  assert.deepEqual(unhandled, []);
});

test('qemu-ga: every path that is not there is refused, and nothing that is there is touched', async (t) => {
  const unhandled = watchProcess(t);
  const { socket, folder, pid } = await startAgent(t);
  await using agent = await GuestAgentClient.connect({ path: socket });
  const keep = join(folder, 'keep');
  const missing = join(folder, 'missing');
  await writeFile(keep, 'precious');
  const works = [
    () => agent.copyTo(missing, keep),
    () => agent.copyTo(folder, keep),
    () => agent.copyTo(keep, join(missing, 'a')),
    () => agent.copyFrom(missing, keep),
    () => agent.copyFrom(keep, join(missing, 'a')),
    () => agent.copyFrom(keep, folder),
    () => agent.copyFrom(folder, keep),
    () => agent.readFile(missing),
    () => agent.writeFile(join(missing, 'a'), 'text'),
    () => agent.writeFile(keep, undefined as never),
    () => agent.exec({ path: missing }),
    () => agent.exec({ path: 'true', env: { 'A=B': '' } }),
    () => agent.waitForExec(2 ** 30, { path: 'none' }),
    () => agent.fsFreeze(async () => undefined),
  ];
  for (const [place, work] of works.entries()) {
    await assert.rejects(work(), `work ${place}`);
    assert.equal(await readFile(keep, 'utf8'), 'precious', `work ${place}`);
  }
  await agent.ping();
  await untilEmpty('open files of the agent', () => openIn(pid, folder));
  assert.deepEqual(unhandled, []);
});
