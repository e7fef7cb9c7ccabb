import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { QmpClient } from '../src/index.ts';

/** One way to run a command and get its result. */
interface Contender {
  readonly call: () => Promise<unknown>;
  readonly close: () => Promise<void> | void;
}

interface Measured {
  readonly perSecond: number;
  /** Microseconds of this process's CPU per round trip. */
  readonly cpu: number;
}

const command = 'query-status';

/** The client against a bare socket loop and npm's node-qemu, one after another in turns of the same run. */
export default async function bench(report: BenchReport, { quick }: { quick: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-bench-'));
  try {
    await withServer(join(folder, 'e'), process.execPath, [echoServer, join(folder, 'e')], async (path) => {
      await roundTrips(report, { path, server: 'an echo server', folder, count: quick ? 2_000 : 10_000 });
      await pipelined(report, path, folder, quick ? 5_000 : 20_000);
    });
    const qemu = ['-machine', 'none', '-accel', 'tcg', '-display', 'none', '-nodefaults', '-no-user-config'];
    const monitor = ['-qmp', `unix:${join(folder, 'q')},server=on,wait=off`];
    await withServer(join(folder, 'q'), 'qemu-system-x86_64', [...qemu, ...monitor], async (path) => {
      await roundTrips(report, { path, server: 'QEMU', folder, count: quick ? 500 : 2_000 });
      await schema(report, path, quick ? 5 : 20);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface RoundTrips {
  readonly path: string;
  readonly server: string;
  readonly folder: string;
  readonly count: number;
}

async function roundTrips(report: BenchReport, { path, server, folder, count }: RoundTrips) {
  const rival = await nodeQemu(folder);
  const makers: [string, (path: string) => Promise<Contender>][] = [
    ['bare', bareLoop],
    ['goqemu', goqemu],
    ...(rival ? [['node-qemu', rival] satisfies [string, (path: string) => Promise<Contender>]] : []),
  ];
  const rounds = new Map<string, Measured[]>(makers.map(([name]) => [name, []]));
  // In turns, because the speed of a shared host drifts; the first turn only warms up.
  for (let turn = 0; turn <= 7; turn += 1) {
    for (const [name, make] of makers) {
      const measured = await sequential(await make(path), count);
      if (turn > 0) rounds.get(name)?.push(measured);
    }
  }
  const [bare, own, other] = ['bare', 'goqemu', 'node-qemu'].map((name) => medians(rounds.get(name) ?? []));
  if (!bare || !own) throw new Error('nothing was measured');
  report({
    name: `round trips to ${server}, one at a time, against a bare socket loop`,
    value: own.perSecond,
    unit: '/s',
    baseline: bare.perSecond,
    aim: '≥ 0.90 ×',
  });
  report({ name: `CPU per round trip to ${server}, against the same`, value: own.cpu, unit: 'µs', baseline: bare.cpu });
  if (other) {
    report({
      name: `round trips to ${server}, against npm node-qemu`,
      value: own.perSecond,
      unit: '/s',
      baseline: other.perSecond,
      aim: '> 1 ×',
    });
    report({
      name: `CPU per round trip to ${server}, against npm node-qemu`,
      value: own.cpu,
      unit: 'µs',
      baseline: other.cpu,
      aim: '< 1 ×',
    });
  } else report({ name: 'npm node-qemu could not be installed here', value: 0, unit: '' });
}

async function sequential({ call, close }: Contender, count: number): Promise<Measured> {
  for (let warm = 0; warm < count / 4; warm += 1) await call();
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let trip = 0; trip < count; trip += 1) await call();
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  await close();
  return { perSecond: count / seconds, cpu: (used.user + used.system) / count };
}

async function pipelined(report: BenchReport, path: string, folder: string, count: number): Promise<void> {
  const rival = await nodeQemu(folder);
  const own = await atOnce(await goqemu(path), count);
  const other = rival && (await atOnce(await rival(path), count));
  report({
    name: `round trips to an echo server, ${count} asked for at once${other ? ', against npm node-qemu' : ''}`,
    value: own,
    unit: '/s',
    ...(other ? { baseline: other, aim: '> 1 ×' } : {}),
  });
}

async function atOnce({ call, close }: Contender, count: number): Promise<number> {
  await Promise.all(Array.from({ length: count }, call));
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, call));
  const perSecond = count / ((performance.now() - began) / 1000);
  await close();
  return perSecond;
}

/** The same transfer and the same JSON.parse, with the client and without. */
async function schema(report: BenchReport, path: string, turns: number): Promise<void> {
  const through: number[] = [];
  const bare: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const socket = await greeted(path);
    let began = performance.now();
    JSON.parse(await exchange(socket, '{"execute":"query-qmp-schema"}\n'));
    bare.push(performance.now() - began);
    socket.destroy();
    await using qmp = await QmpClient.connect({ path });
    began = performance.now();
    await qmp.execute('query-qmp-schema');
    through.push(performance.now() - began);
  }
  report({
    name: 'the reply of query-qmp-schema (207 KB), against a bare socket and JSON.parse',
    value: median(through),
    unit: 'ms',
    baseline: median(bare),
    aim: 'within 10 ms',
  });
}

async function goqemu(path: string): Promise<Contender> {
  const qmp = await QmpClient.connect({ path });
  return { call: () => qmp.execute(command), close: () => qmp.close() };
}

/** No ids, no time-outs, no errors: what a socket, JSON and a newline cost by themselves. */
async function bareLoop(path: string): Promise<Contender> {
  const socket = await greeted(path);
  const line = `${JSON.stringify({ execute: command })}\n`;
  return { call: async () => JSON.parse(await exchange(socket, line)).return, close: () => void socket.destroy() };
}

async function greeted(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.setEncoding('utf8');
  await exchange(socket, '');
  await exchange(socket, '{"execute":"qmp_capabilities"}\n');
  return socket;
}

function exchange(socket: Socket, line: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const read = (piece: string) => {
      text += piece;
      if (!text.endsWith('\n')) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read);
    if (line) socket.write(line);
  });
}

/** Installed for this run only, into the bench's own folder; undefined where npm cannot. */
async function nodeQemu(folder: string): Promise<((path: string) => Promise<Contender>) | undefined> {
  const root = join(folder, 'rival');
  const entry = join(root, 'node_modules/node-qemu/dist/index.mjs');
  try {
    if (!existsSync(entry)) {
      const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', root];
      await promisify(execFile)('npm', ['install', ...flags, 'node-qemu@1'], { timeout: 60_000 });
    }
    const { QMPClient } = await import(pathToFileURL(entry).href);
    return async (path) => {
      const client = new QMPClient({ socketPath: path });
      await client.connect();
      return { call: () => client.execute(command), close: () => client.close() };
    };
  } catch {
    return undefined;
  }
}

async function withServer(
  path: string,
  program: string,
  args: readonly string[],
  body: (path: string) => Promise<void>,
): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  try {
    for (let wait = 0; !existsSync(path); wait += 1) {
      if (wait > 500) throw new Error(`${program} did not open ${path}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await body(path);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function medians(measured: readonly Measured[]): Measured | undefined {
  if (measured.length === 0) return undefined;
  return {
    perSecond: median(measured.map(({ perSecond }) => perSecond)),
    cpu: median(measured.map(({ cpu }) => cpu)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const echoServer = new URL('./echo-server.mjs', import.meta.url).pathname;
