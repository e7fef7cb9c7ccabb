import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differingPages } from './shared-ram-copy.ts';

const page = 4096;

/** Six pages, of which some differ from those of zeros. */
function pages(...changed: number[]): Buffer {
  const bytes = Buffer.alloc(6 * page);
  for (const index of changed) bytes[index * page + 17] = 1;
  return bytes;
}

test('pages that differ are found, those side by side as one range, and only as far as is asked', () => {
  const none = pages();
  assert.deepEqual(differingPages(pages(), none, 6 * page), []);
  assert.deepEqual(differingPages(pages(0, 1, 4), none, 6 * page), [
    [0, 2 * page],
    [4 * page, 5 * page],
  ]);
  assert.deepEqual(differingPages(pages(5), none, 5 * page), []);
});
