import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portCounters } from '../bridge/counters.ts';
import { withLength } from '../fixture/fake-card.ts';
import { TestClock } from '../fixture/test-switch.ts';
import { FaultLine } from './fault-line.ts';
import type { LineFaults } from './faults.ts';
import { seededRandom } from './random.ts';

interface Arrival {
  readonly at: number;
  readonly text: string;
}

/** Sends frames `0`, `1`, … of a size, one every so many milliseconds, and returns what came when. */
function send(faults: LineFaults, { count = 1_000, everyMs = 1, size = 100, seed = 1, limit = 2 ** 22 } = {}) {
  const clock = new TestClock();
  const begun = clock.now();
  const arrivals: Arrival[] = [];
  const counters = portCounters().toMachine;
  const deliver = (frame: Buffer) => {
    assert.equal(frame.readUInt32BE(0), frame.length - 4);
    arrivals.push({ at: clock.now() - begun, text: frame.toString('latin1', 4).replace(/\0+$/, '') });
  };
  const random = seededRandom(seed);
  const line = new FaultLine({ faults, limit, random, clock, counters, deliver, delivered: () => undefined });
  for (let number = 0; number < count; number += 1) {
    const bytes = Buffer.alloc(size);
    bytes.write(String(number));
    line.push(1, withLength(bytes), 0, size + 4);
    clock.advance(everyMs);
  }
  clock.advance(100_000);
  return { arrivals, counters, line };
}

const numbers = (arrivals: readonly Arrival[]) => arrivals.map(({ text }) => Number(text));

test('latency delays each frame by as much, and keeps their order', () => {
  const { arrivals } = send({ latency: 50 }, { count: 20 });
  assert.deepEqual(
    arrivals,
    Array.from({ length: 20 }, (_, index) => ({ at: index + 50, text: String(index) })),
  );
});

test('jitter spreads the latency evenly to both sides, and lets frames overtake each other', () => {
  const { arrivals } = send({ latency: 50, jitter: 20 });
  const delays = arrivals.map(({ at, text }) => at - Number(text));
  assert.ok(Math.min(...delays) >= 30 && Math.max(...delays) <= 71, `${Math.min(...delays)} to ${Math.max(...delays)}`);
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  assert.ok(Math.abs(mean - 50) < 3, `${mean}`);
  assert.notDeepEqual(
    numbers(arrivals),
    numbers(arrivals).sort((a, b) => a - b),
  );
});

test('loss loses its share, and counts it', () => {
  const { arrivals, counters } = send({ loss: 0.3 });
  assert.ok(Math.abs(counters.dropped.loss - 300) < 60, `${counters.dropped.loss}`);
  assert.equal(arrivals.length, 1_000 - counters.dropped.loss);
  assert.equal(send({ loss: 1 }).arrivals.length, 0);
});

test('duplication doubles its share', () => {
  const { arrivals } = send({ duplication: 0.2 });
  assert.ok(Math.abs(arrivals.length - 1_200) < 60, `${arrivals.length}`);
  assert.equal(new Set(numbers(arrivals)).size, 1_000);
});

test('reordering sends its share at once, past those that wait', () => {
  const { arrivals } = send({ latency: 10, reordering: 0.25 });
  const early = arrivals.filter(({ at, text }) => at === Number(text)).length;
  assert.ok(Math.abs(early - 250) < 60, `${early}`);
  assert.equal(arrivals.length, 1_000);
});

test('corruption flips one bit in its share, and never the length', () => {
  const clock = new TestClock();
  let damaged = 0;
  const random = seededRandom(3);
  const counters = portCounters().toMachine;
  const deliver = (frame: Buffer) => {
    assert.equal(frame.readUInt32BE(0), 64);
    const bits = frame.subarray(4).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    assert.ok(bits <= 1);
    damaged += bits;
  };
  const faults = { corruption: 0.5 };
  const line = new FaultLine({ faults, random, clock, counters, deliver, delivered: () => undefined });
  for (let turn = 0; turn < 1_000; turn += 1) line.push(1, withLength(Buffer.alloc(64)), 0, 68);
  assert.ok(Math.abs(damaged - 500) < 60, `${damaged}`);
});

test('a rate lets as many bytes through as it says, and what would wait beyond the limit is dropped', () => {
  const { arrivals, counters } = send({ rate: 100_000 }, { limit: 65_536, count: 500, everyMs: 1, size: 1_000 });
  const [first] = arrivals;
  const last = arrivals.at(-1);
  const bytes = (arrivals.length - 1) * 1_000;
  const rate = (bytes / ((last?.at ?? 0) - (first?.at ?? 0))) * 1_000;
  assert.ok(Math.abs(rate - 100_000) < 5_000, `${rate} bytes a second`);
  assert.ok(counters.dropped.delayed > 300);
  assert.equal(arrivals.length + counters.dropped.delayed, 500);
});

test('the same seed meets the same faults, another one others', () => {
  const faults = { latency: 20, jitter: 15, loss: 0.1, duplication: 0.1, reordering: 0.1, corruption: 0.1 };
  const of = (seed: number) => send(faults, { count: 300, seed }).arrivals;
  assert.deepEqual(of(1), of(1));
  assert.notDeepEqual(of(1), of(2));
});

test('what is held back is delivered when the faults end', () => {
  const clock = new TestClock();
  const delivered: string[] = [];
  const line = new FaultLine({
    faults: { latency: 1_000 },
    random: seededRandom(1),
    clock,
    counters: portCounters().toMachine,
    deliver: (frame) => delivered.push(frame.toString('latin1', 4)),
    delivered: () => undefined,
  });
  for (const text of ['a', 'b', 'c']) line.push(1, withLength(Buffer.from(text)), 0, 5);
  assert.equal(line.held, 3);
  line.close();
  assert.deepEqual([delivered, line.held], [['a', 'b', 'c'], 0]);
});
