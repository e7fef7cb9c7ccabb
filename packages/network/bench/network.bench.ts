import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { endSwitch, SwitchClient, startSwitch } from '../src/index.ts';
import { buildSwitch } from '../src/switch/fixture/built-switch.ts';
import { BenchCard, benchMac, framesOf } from './bench-card.ts';
import { betweenGuests } from './between-guests.ts';

const uuid = '9a0f7a52-7f0c-4d57-9d4f-3a0c8f1d2b11';

/** Cards with something between them, which is a process of its own. */
interface Link {
  readonly cards: readonly [BenchCard, BenchCard, ...BenchCard[]];
  readonly pid: number;
  end(): Promise<void>;
}

type MakeLink = (count: number) => Promise<Link>;

/**
 * The switch against a bare relay in Node.js between the same two sockets, in turns of one run; then the switch alone; then
 * between two guests, against QEMUs that are joined without it.
 */
export default async function bench(report: BenchReport, { quick }: { quick: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gqb-'));
  const built = await buildSwitch();
  try {
    const own: MakeLink = (count) => switched(folder, built.program, count);
    // Both stay, and work in turns: the speed of a shared host drifts.
    const links = { bare: await relayed(folder), its: await own(2) };
    for (const link of Object.values(links)) await introduce(link);
    for (const size of [1_514, 64]) await throughput(report, links, { size, turns: quick ? 4 : 15, milliseconds: 400 });
    await latency(report, links, quick ? 10 : 50);
    for (const link of Object.values(links)) await link.end();
    await manyPorts(report, own, quick ? 300 : 1_000);
    await flood(report, own, quick ? 1_000 : 5_000);
    await betweenGuests(report, { folder, program: built.program, quick });
  } finally {
    await built.remove();
    await rm(folder, { recursive: true });
  }
}

interface Links {
  readonly bare: Link;
  readonly its: Link;
}

interface Rounds {
  readonly size: number;
  readonly turns: number;
  readonly milliseconds: number;
}

async function throughput(report: BenchReport, links: Links, { size, turns, milliseconds }: Rounds): Promise<void> {
  const piece = framesOf(2, 1, size);
  const measure = async ({ cards: [one, two], pid }: Link) => {
    const before = await cpuSeconds(pid);
    const { bytes, seconds } = await one.bulk(two, piece, milliseconds);
    const frames = bytes / (size + 4);
    return { rate: frames / seconds, cpu: (((await cpuSeconds(pid)) - before) / frames) * 1e9 };
  };
  const rounds = {
    bare: [] as Awaited<ReturnType<typeof measure>>[],
    its: [] as Awaited<ReturnType<typeof measure>>[],
  };
  for (let turn = 0; turn <= turns; turn += 1) {
    const bare = await measure(links.bare);
    const its = await measure(links.its);
    if (turn === 0) continue; // it only warms up
    rounds.bare.push(bare);
    rounds.its.push(its);
  }
  const of = (which: keyof Links, what: 'rate' | 'cpu') => median(rounds[which].map((round) => round[what]));
  const [value, baseline] = [of('its', 'rate'), of('bare', 'rate')];
  const name = `frames of ${size} bytes through the switch, against a bare relay`;
  report({ name, value, unit: '/s', baseline, aim: '≥ 0.80 ×' });
  report({ name: 'the same in bytes', value: (value * size) / 1e6, unit: 'MB/s', baseline: (baseline * size) / 1e6 });
  if (process.platform === 'linux')
    report({
      name: `CPU per frame of ${size} bytes`,
      value: of('its', 'cpu'),
      unit: 'ns',
      baseline: of('bare', 'cpu'),
    });
}

async function latency(report: BenchReport, links: Links, turns: number): Promise<void> {
  const times = { bare: [] as number[], its: [] as number[] };
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const which of ['bare', 'its'] as const) {
      const [one, two] = links[which].cards;
      const trips = await one.roundTrips(two, framesOf(2, 1, 64, 1), framesOf(1, 2, 64, 1), 200);
      if (turn > 0) times[which].push(...trips);
    }
  }
  const [value, baseline] = [median(times.its), median(times.bare)];
  report({ name: 'round trip of one frame', value, unit: 'µs', baseline, aim: '≤ 1.25 ×' });
}

/** Each card sends to the one beside it, all at once. */
async function manyPorts(report: BenchReport, own: MakeLink, milliseconds: number): Promise<void> {
  let baseline: number | undefined;
  for (const count of [2, 8, 32, 64]) {
    const link = await own(count);
    await introduce(link);
    const sends = link.cards.map((card, index) => {
      const next = (index + 1) % count;
      return card.bulk(link.cards[next] as BenchCard, framesOf(next + 1, index + 1, 1_514), milliseconds);
    });
    const all = await Promise.all(sends);
    const value = all.reduce((sum, { bytes, seconds }) => sum + bytes / 1_518 / seconds, 0);
    await link.end();
    baseline ??= value;
    report({ name: `frames of 1514 bytes, ${count} ports at once, against 2`, value, unit: '/s', baseline });
  }
}

/** One port sends to all without end; two others talk. */
async function flood(report: BenchReport, own: MakeLink, milliseconds: number): Promise<void> {
  const link = await own(4);
  await introduce(link);
  const [one, two, flooder] = link.cards;
  const trip = () => one.roundTrips(two, framesOf(2, 1, 64, 1), framesOf(1, 2, 64, 1), 200);
  const quiet = median(await trip());
  const before = await residentBytes(link.pid);
  const piece = framesOf(4, 3, 1_514);
  const flooding = flooder?.bulk(link.cards[3] as BenchCard, piece, milliseconds);
  const busy: number[] = [];
  const until = performance.now() + milliseconds - 100;
  while (performance.now() < until) busy.push(...(await trip()));
  await flooding;
  const name = 'round trip while this process floods another port, against a quiet switch';
  report({ name, value: median(busy), unit: 'µs', baseline: quiet });
  const after = await residentBytes(link.pid);
  if (process.platform === 'linux')
    report({ name: 'memory of the switch after it', value: after / 2 ** 20, unit: 'MiB', baseline: before / 2 ** 20 });
  await link.end();
}

/** Every card says something, so that each is known where it is. */
async function introduce({ cards }: Link): Promise<void> {
  for (const [index, card] of cards.entries()) {
    const next = cards[(index + 1) % cards.length] as BenchCard;
    const before = next.receivedBytes;
    while (next.receivedBytes === before) {
      card.write(framesOf(((index + 1) % cards.length) + 1, index + 1, 60, 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function cardsIn(folder: string, count: number, prefix: string): Promise<Link['cards']> {
  const cards: BenchCard[] = [];
  for (let number = 1; number <= count; number += 1)
    cards.push(await BenchCard.listen(join(folder, `${prefix}${number}`)));
  return cards as [BenchCard, BenchCard, ...BenchCard[]];
}

async function relayed(folder: string): Promise<Link> {
  const cards = await cardsIn(folder, 2, 'r');
  const relay = fileURLToPath(new URL('./relay-process.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', relay, ...cards.map(({ path }) => path)]);
  await Promise.all(cards.map((card) => card.connected()));
  const end = async () => {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
    for (const card of cards) card.close();
  };
  return { cards, pid: child.pid ?? 0, end };
}

async function switched(folder: string, program: readonly [string, string], count: number): Promise<Link> {
  const cards = await cardsIn(folder, count, 's');
  const place = { folder: join(folder, 'switch'), uuid };
  const { control, pid } = await startSwitch({ ...place, program });
  await using client = await SwitchClient.connect({ path: control, uuid });
  const ports = cards.map(({ path }, index) => ({
    machine: `m${index + 1}`,
    card: 'n1',
    network: 'lan',
    endpoint: { kind: 'unix' as const, path },
    mac: benchMac(index + 1),
  }));
  await client.configure({ networks: [{ name: 'lan', cidr: '10.40.0.0/24' }], ports });
  await Promise.all(cards.map((card) => card.connected()));
  const end = async () => {
    await endSwitch(place);
    for (const card of cards) card.close();
  };
  return { cards, pid, end };
}

/** proc(5): user and system time in hundredths of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function residentBytes(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  return Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]) * 4096;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
