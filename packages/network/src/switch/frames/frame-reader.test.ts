import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withLength } from '../fixture/fake-card.ts';
import { eachFrame } from '../fixture/split-frames.ts';
import { FrameReader, longestFrame } from './frame-reader.ts';

/** Each piece lies in the same memory, as it does when it is read from a socket. */
function read(pieces: readonly Buffer[]): { frames: string[]; isSound: boolean } {
  const frames: { bytes: Buffer; at: number; end: number }[] = [];
  const texts: string[] = [];
  const reader = new FrameReader(eachFrame((bytes, at, end) => frames.push({ bytes, at, end })));
  const memory = Buffer.alloc(Math.max(1, ...pieces.map((piece) => piece.length)));
  let isSound = true;
  for (const piece of pieces) {
    piece.copy(memory);
    isSound = reader.push(memory, piece.length) && isSound;
    // What it gave must still be there when the piece has been gone through.
    for (const { bytes, at, end } of frames.splice(0)) {
      assert.equal(bytes.readUInt32BE(at - 4), end - at);
      texts.push(bytes.toString('latin1', at, end));
    }
  }
  return { frames: texts, isSound };
}

test('frames cut anywhere are the same frames (10,000 cases)', () => {
  // Few contents, so that frames with the same length and header come one after another.
  const frame = fc
    .record({ length: fc.nat(24), byte: fc.nat(1), last: fc.nat(2) })
    .map(({ length, byte, last }) =>
      Buffer.concat([Buffer.alloc(length, byte), Buffer.alloc(length > 14 ? 2 : 0, last)]),
    );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 10 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, places) => {
      const stream = Buffer.concat(frames.map(withLength));
      const ends = [...places.map((place) => place % (stream.length + 1)), stream.length].sort((a, b) => a - b);
      const pieces = ends.map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1], end));
      assert.deepEqual(read(pieces), { frames: frames.map((bytes) => bytes.toString('latin1')), isSound: true });
    }),
    { numRuns: 10_000 },
  );
});

test('the longest frame of QEMU passes, in one piece and in many', () => {
  const stream = withLength(Buffer.alloc(longestFrame, 'x'));
  const pieces = Array.from({ length: Math.ceil(stream.length / 1000) }, (_, index) =>
    stream.subarray(index * 1000, (index + 1) * 1000),
  );
  for (const cut of [[stream], pieces]) {
    const { frames, isSound } = read(cut);
    assert.deepEqual([frames.map((text) => text.length), isSound], [[longestFrame], true]);
  }
});

test('a length that no frame has ends the stream, wherever it is cut', () => {
  const bytes = Buffer.concat([withLength(Buffer.from('ok')), Buffer.from([0, 2, 0, 0, 1])]);
  for (let place = 0; place <= bytes.length; place += 1) {
    const { isSound } = read([bytes.subarray(0, place), bytes.subarray(place)]);
    assert.equal(isSound, false);
  }
});
