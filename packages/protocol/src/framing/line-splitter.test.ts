import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

function split(pieces: readonly Buffer[], limit?: number): { lines: string[]; pending: number; refused: boolean } {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line.toString('latin1')), limit);
  const refused = pieces.map((piece) => splitter.push(piece)).includes(false);
  return { lines, pending: splitter.pending, refused };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0), end));
}

test('any bytes, cut anywhere, give the same lines as in one piece (60,000 cases)', () => {
  const bytes = fc
    .uint8Array({ maxLength: 60 })
    .map((array) => Buffer.from(array.map((byte) => (byte % 5 === 0 ? 10 : byte))));
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(), { maxLength: 8 }), (stream, places) => {
      const parts = stream.toString('latin1').split('\n');
      const rest = parts.pop() ?? '';
      assert.deepEqual(split(cut(stream, places)), { lines: parts, pending: rest.length, refused: false });
    }),
    { numRuns: 60_000 },
  );
});

test('a line of many pieces is joined without looking at its bytes again', () => {
  const piece = Buffer.alloc(64 * 1024, 'x');
  const pieces = [...Array.from({ length: 256 }, () => piece), Buffer.from('\n')];
  const { lines, pending } = split(pieces);
  assert.deepEqual([lines.length, lines[0]?.length, pending], [1, 16 * 2 ** 20, 0]);
});

test('a line beyond the limit is refused and not kept', () => {
  const { lines, pending, refused } = split([Buffer.from('ab\nabc'), Buffer.from('d')], 3);
  assert.deepEqual({ lines, pending, refused }, { lines: ['ab'], pending: 0, refused: true });
});
