import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LineFaults } from '../faults/faults.ts';
import type { MemoryStream } from '../fixture/stream-pair.ts';
import { guestIp, outsideIp, TestInternet, type TestInternetOptions } from '../fixture/test-internet.ts';
import { ipBytes } from '../gateway/ip-range.ts';
import { ipPacket } from '../gateway/packets.ts';
import { segmentPacket, tcpFlag } from './tcp/segment.ts';
import { mostConnections } from './tcp-relay.ts';

const place = `${outsideIp}:80`;

/** A server that keeps what it gets, and gives its streams out. */
function serverOf(options: TestInternetOptions = {}) {
  const bench = new TestInternet(options);
  const streams: MemoryStream[] = [];
  const heard: Buffer[] = [];
  bench.outside.servers[place] = (stream) => {
    streams.push(stream);
    stream.on('error', () => undefined);
    stream.on('data', (bytes: Buffer) => heard.push(bytes));
  };
  return { bench, streams, heard: () => Buffer.concat(heard) };
}

function someBytes(count: number, seed: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let at = 0, state = seed; at < count; at += 1) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    bytes[at] = state >> 16;
  }
  return bytes;
}

/** What is sent each way, in 200 to 400 segments. */
const lines: Record<string, { readonly faults: LineFaults; readonly bytes: number }> = {
  'a line without faults': { faults: {}, bytes: 500_000 },
  'a line that loses and doubles': { faults: { latency: 3, loss: 0.05, duplication: 0.05 }, bytes: 200_000 },
  'a line on which frames overtake each other': { faults: { latency: 5, jitter: 5, reordering: 0.2 }, bytes: 200_000 },
  'a line that damages bits': { faults: { latency: 3, corruption: 0.05 }, bytes: 200_000 },
};

for (const [name, { faults, bytes }] of Object.entries(lines))
  test(`what either end sends comes whole over ${name}, and then both ends end`, async () => {
    for (const seed of [1, 2, 3]) {
      const { bench, streams, heard } = serverOf({ faults, seed });
      const [up, down] = [someBytes(bytes, seed), someBytes(bytes, seed + 100)];
      const guest = bench.guest();
      guest.connect();
      await bench.until(() => guest.isConnected);
      streams[0]?.write(down);
      streams[0]?.end();
      guest.write(up);
      guest.end();
      await bench.until(() => guest.isEnded && guest.hasEnded && heard().length === bytes);
      assert.ok(heard().equals(up) && guest.received.equals(down));
      await bench.until(() => streams[0]?.readableEnded === true && streams[0].writableFinished);
      assert.equal(guest.isReset, false);
    }
  });

test('one end ends, and the other continues', async () => {
  const { bench, streams, heard } = serverOf();
  const guest = bench.guest();
  guest.connect();
  guest.end();
  await bench.until(() => streams[0]?.readableEnded === true);
  streams[0]?.write('still here');
  await bench.until(() => guest.received.toString() === 'still here');
  streams[0]?.end();
  await bench.until(() => guest.isEnded);
  assert.deepEqual([heard().length, guest.isReset], [0, false]);
});

test('a reset of either end reaches the other', async () => {
  const { bench, streams } = serverOf();
  const guest = bench.guest();
  guest.connect();
  await bench.until(() => guest.isConnected);
  let code: string | undefined;
  streams[0]?.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  guest.reset();
  await bench.until(() => code === 'ECONNRESET');
  const again = bench.guest(place, 40_001);
  again.connect();
  await bench.until(() => again.isConnected);
  streams[1]?.resetAndDestroy();
  await bench.until(() => again.isReset);
});

test('a place that refuses is a reset, one that nothing leads to is unreachable', async () => {
  const bench = new TestInternet({ allow: ['198.51.100.0/24'] });
  const refused = bench.guest(`${outsideIp}:81`);
  refused.connect();
  await bench.until(() => refused.isReset);
  bench.outside.errors['198.51.100.8'] = 'EHOSTUNREACH';
  bench.guest('198.51.100.8:80', 40_001).connect();
  await bench.until(() => bench.unreachable.length > 0);
  assert.equal(bench.unreachable[0], '3/1');
  bench.outside.errors['198.51.100.9'] = 'none'; // it answers nothing
  bench.guest('198.51.100.9:80', 40_002).connect();
  await bench.until(() => bench.unreachable.length > 1);
  assert.deepEqual(bench.refused, []);
});

test('a guest that is faster than the outside waits, and one that does not read makes the outside wait', async () => {
  const { bench, streams, heard } = serverOf();
  const guest = bench.guest();
  guest.connect();
  await bench.until(() => guest.isConnected);
  const [stream] = streams;
  stream?.pause();
  guest.write(someBytes(1_000_000, 5));
  await bench.pass(20_000);
  const sent = heard().length + (stream?.readableLength ?? 0);
  assert.ok(sent < 300_000, `${sent} bytes were taken of one that does not read`);
  stream?.resume();
  await bench.until(() => heard().length === 1_000_000);
  guest.window = 0;
  guest.acknowledge();
  let written = 0;
  stream?.on('drain', () => more());
  const more = () => {
    while (written < 1_000_000) {
      written += 50_000;
      if (!stream?.write(someBytes(50_000, 6))) return;
    }
  };
  more();
  await bench.pass(30_000);
  assert.ok(written < 500_000, `${written} bytes wait for a guest that does not read`);
  guest.window = 0xffff;
  guest.acknowledge();
  await bench.until(() => written >= 1_000_000 && guest.received.length >= written);
  assert.equal(guest.isReset, false);
});

test('a machine that was taken back gets a reset for its old connections, and its host’s end goes at once', async () => {
  const { bench, streams } = serverOf();
  const guest = bench.guest();
  guest.connect();
  await bench.until(() => guest.isConnected);
  bench.internet.forget('web:n1');
  await bench.until(() => streams[0]?.destroyed === true);
  assert.equal(guest.isReset, false);
  guest.write(Buffer.from('of another time'));
  await bench.until(() => guest.isReset);
});

test('a guest that has gone without a word is given up, busy or idle', async () => {
  const { bench, streams } = serverOf();
  const [busy, idle] = [bench.guest(), bench.guest(place, 40_001)];
  for (const guest of [busy, idle]) guest.connect();
  await bench.until(() => busy.isConnected && idle.isConnected);
  for (const guest of [busy, idle]) {
    guest.input = () => undefined;
    guest.vanish();
  }
  streams[0]?.write('is anyone there?');
  await bench.pass(500_000);
  assert.equal(streams[0]?.destroyed, true);
  for (let minutes = 0; minutes < 25; minutes += 5) await bench.pass(300_000);
  assert.equal(streams[1]?.destroyed, true);
});

test('a machine has so many connections at once, and the next is refused with the reason', async () => {
  const { bench, streams } = serverOf();
  for (let number = 0; number < mostConnections; number += 1) bench.guest(place, 1_000 + number).connect();
  await bench.until(() => streams.length === mostConnections);
  const more = bench.guest();
  more.connect();
  await bench.until(() => more.isReset);
  assert.deepEqual(bench.refused, [`web tcp ${place}: more than ${mostConnections} connections ×1`]);
});

const runs = process.env.GOQEMU_SOAK ? 100_000 : 2_000;

test(`it survives ${runs} segments of every kind, and stays bounded`, async () => {
  const { bench, streams } = serverOf();
  const target = ipBytes(outsideIp);
  /** What continues a connection, so that half of the segments do. */
  const known = new Map<number, { readonly sequence: number; readonly acknowledgement: number }>();
  bench.onSegment = ({ targetPort, sequence, acknowledgement, flags, payload }) => {
    const numbers = payload.length + (flags & tcpFlag.syn ? 1 : 0) + (flags & tcpFlag.fin ? 1 : 0);
    known.set(targetPort, { sequence: acknowledgement, acknowledgement: (sequence + numbers) >>> 0 });
  };
  const segment = fc.record({
    sourcePort: fc.integer({ min: 1, max: 40 }),
    targetPort: fc.constantFrom(80, 80, 80, 81),
    sequence: fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.nat(0xffffffff)),
    acknowledgement: fc.nat(0xffffffff),
    flags: fc.oneof(fc.constantFrom(2, 2, 16, 24, 17, 4, 20), fc.nat(255)),
    window: fc.nat(0xffff),
  });
  const input = fc.record({
    segment,
    isFitting: fc.boolean(),
    options: fc.constantFrom({}, { mss: 0 }, { mss: 1460, scale: 7 }, { mss: 0xffff, scale: 255 }),
    size: fc.nat(1_400),
    damage: fc.option(fc.record({ at: fc.nat(100), byte: fc.nat(255) }), { nil: undefined }),
    answer: fc.constantFrom('', 'x'.repeat(3_000), 'end', 'reset'),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ segment, isFitting, options, size, damage, answer }) => {
      const its = isFitting ? known.get(segment.sourcePort) : undefined;
      const payload = Buffer.alloc(size, 'x');
      const packet = segmentPacket(guestIp, target, { ...segment, ...its, ...options, payload });
      if (damage) packet[20 + (damage.at % (packet.length - 20))] = damage.byte;
      // Half of the damage is in a packet whose own sum is right.
      bench.send(
        damage && isFitting ? ipPacket({ source: guestIp, target, protocol: 6, payload: packet.subarray(20) }) : packet,
      );
      await new Promise((resolve) => setImmediate(resolve));
      const stream = streams.at(-1);
      if (answer === 'reset') stream?.resetAndDestroy();
      else if (answer === 'end') stream?.end();
      else if (answer && !stream?.writableEnded) stream?.write(answer);
      bench.clock.advance(50);
      const connections = bench.internet.wayOf('web:n1')?.connections ?? assert.fail();
      assert.ok(connections <= mostConnections, `${connections} connections`);
    }),
    { numRuns: runs },
  );
  assert.ok(streams.length > runs / 200, `${streams.length} connections were made at all`);
  bench.internet.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(bench.internet.wayOf('web:n1'), undefined);
});
