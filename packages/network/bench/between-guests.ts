import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTinyGuest } from '@goqemu/testing';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { endSwitch, SwitchClient, startSwitch } from '../src/index.ts';
import { GuestPair, macOf, type Way } from './guest-pair.ts';

const uuid = '9a0f7a52-7f0c-4d57-9d4f-3a0c8f1d2b12';
const cacheFolder = fileURLToPath(new URL('../../../.cache/tiny-guest', import.meta.url));

/** Two guests that are joined in three ways at once: what the switch takes and gives, against QEMUs without anything between. */
export async function betweenGuests(
  report: BenchReport,
  {
    folder,
    program,
    quick,
  }: { readonly folder: string; readonly program: readonly [string, string]; readonly quick: boolean },
): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const { path: image } = await ensureTinyGuest({ cacheFolder });
  const place = { folder: join(folder, 'g'), uuid };
  const cards = ['c0', 'c1'].map((name) => join(folder, name)) as [string, string];
  const ways = [throughSwitch(cards), await backToBack(), datagrams(folder)];
  const { control } = await startSwitch({ ...place, program });
  try {
    await using client = await SwitchClient.connect({ path: control, uuid });
    const ports = cards.map((path, side) => ({
      ...{ machine: `m${side}`, card: 'n1', network: 'lan' },
      ...{ endpoint: { kind: 'unix' as const, path }, mac: macOf(0, side) },
    }));
    await client.configure({ networks: [{ name: 'lan', cidr: '10.9.0.0/24', gateway: '10.9.0.254' }], ports });
    await using pair = await GuestPair.boot(folder, image, ways);
    await measure(report, pair, ways, quick);
  } finally {
    await endSwitch(place);
  }
}

/** In turns, so that all see the same load of the host. */
async function measure(report: BenchReport, pair: GuestPair, ways: readonly Way[], quick: boolean): Promise<void> {
  const speeds = ways.map((): number[] => []);
  const times = ways.map((): number[] => []);
  for (let turn = 0; turn <= (quick ? 2 : 6); turn += 1) {
    for (const way of ways.keys()) {
      const speed = await pair.throughput(way, quick ? 16 : 48);
      const time = await pair.roundTrip(way, quick ? 25 : 100);
      if (turn === 0) continue; // it only warms up
      speeds[way]?.push(speed);
      times[way]?.push(time);
    }
  }
  const value = { speed: median(speeds[0]), time: median(times[0]) };
  for (const [index, { name }] of ways.entries()) {
    if (index === 0) continue;
    report({
      name: `TCP between two guests, against ${name}`,
      value: value.speed,
      unit: 'MB/s',
      baseline: median(speeds[index]),
    });
    report({
      name: `ping between two guests, against ${name}`,
      value: value.time,
      unit: 'µs',
      baseline: median(times[index]),
    });
  }
}

function throughSwitch(cards: readonly [string, string]): Way {
  const card = (path: string) => ({ type: 'stream', server: true, addr: { type: 'unix', path } });
  return { name: 'the switch', netdevs: [card(cards[0]), card(cards[1])] };
}

async function backToBack(): Promise<Way> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const at = `127.0.0.1:${port}`;
  return {
    name: '-netdev socket',
    netdevs: [
      { type: 'socket', listen: at },
      { type: 'socket', connect: at },
    ],
  };
}

function datagrams(folder: string): Way {
  const end = (own: string, other: string) => ({
    type: 'dgram',
    local: { type: 'unix', path: join(folder, own) },
    remote: { type: 'unix', path: join(folder, other) },
  });
  return { name: '-netdev dgram', netdevs: [end('d0', 'd1'), end('d1', 'd0')] };
}

function median(numbers: readonly number[] | undefined): number {
  const sorted = [...(numbers ?? [])].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
