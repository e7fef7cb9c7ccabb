import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withLength } from '../fixture/fake-card.ts';
import { EgressQueue } from './egress-queue.ts';

const limit = 64 * 1024;

function framesIn(stream: Buffer): string[] {
  const frames: string[] = [];
  let at = 0;
  while (at < stream.length) {
    const end = at + 4 + stream.readUInt32BE(at);
    assert.ok(end <= stream.length, 'a frame is cut');
    frames.push(stream.toString('latin1', at + 4, end));
    at = end;
  }
  return frames;
}

test('whatever is queued, written and dropped, only whole frames leave, in order, within the limit (2,000 cases)', () => {
  const step = fc.record({
    do: fc.constantFrom('append', 'append', 'append', 'take', 'written', 'drop'),
    source: fc.nat(2),
    sizes: fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new EgressQueue(limit);
      const out: Buffer[] = [];
      let piece: Buffer | undefined;
      let number = 0;
      for (const { do: what, source, sizes } of steps) {
        if (what === 'append') {
          const frames = sizes.map((size) => withLength(Buffer.from(String(++number).padEnd(size, '.'))));
          const bytes = Buffer.concat([Buffer.from('xxx'), ...frames]);
          const dropped = queue.append(source, bytes, 3, bytes.length);
          assert.ok(dropped >= 0 && dropped <= frames.length);
        } else if (what === 'take' && !piece) piece = queue.take();
        else if (what === 'written' && piece) {
          out.push(Buffer.from(piece));
          piece = undefined;
          queue.written();
        } else if (what === 'drop') queue.drop();
        assert.ok(queue.length <= limit && queue.capacity <= limit);
      }
      for (; piece || queue.length > 0; piece = queue.take()) {
        if (!piece) continue;
        out.push(Buffer.from(piece));
        queue.written();
      }
      const numbers = framesIn(Buffer.concat(out)).map((frame) => Number.parseInt(frame, 10));
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      assert.equal(new Set(numbers).size, numbers.length);
    }),
    { numRuns: 2_000 },
  );
});

test('a source that floods leaves room for others, and they get as much as is left', () => {
  const queue = new EgressQueue(limit);
  const frame = withLength(Buffer.alloc(1020));
  const fill = (source: number) => {
    let taken = 0;
    while (queue.append(source, frame, 0, frame.length) === 0) taken += frame.length;
    return taken;
  };
  assert.deepEqual([fill(0), fill(1), fill(2)], [32 * 1024, 16 * 1024, 8 * 1024]);
});

test('it grows as it is needed', () => {
  const queue = new EgressQueue(2 ** 20);
  assert.equal(queue.capacity, 65_536);
  const frames = Buffer.concat(Array.from({ length: 100 }, () => withLength(Buffer.alloc(2000))));
  assert.equal(queue.append(0, frames, 0, frames.length), 0);
  assert.equal(queue.capacity, 262_144);
});
