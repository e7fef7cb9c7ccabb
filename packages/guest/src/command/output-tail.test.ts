import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutputTail } from './output-tail.ts';

test('the end of an output is kept, never more than the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 30 })),
      fc.integer({ min: 1, max: 50 }),
      (chunks, limit) => {
        const tail = new OutputTail(limit);
        for (const chunk of chunks) tail.push(Buffer.from(chunk));
        const whole = chunks.join('');
        assert.equal(tail.text(), whole.slice(-limit));
        assert.equal(tail.truncated, whole.length > limit);
      },
    ),
  );
});

test('a character that the limit cuts in two is left out', () => {
  const tail = new OutputTail(4);
  tail.push(Buffer.from('aЁbcd')); // Ё has two bytes, of which one would be left
  assert.equal(tail.text(), 'bcd');
});
