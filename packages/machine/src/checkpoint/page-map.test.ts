import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPresent, isPrivate, runsOf } from './page-map.ts';

/** The upper bits of an entry: present, swapped, the file's own. */
const entry = { none: 0n, own: 1n << 63n, file: (1n << 63n) | (1n << 61n), swapped: 1n << 62n };

function pagemap(...kinds: (keyof typeof entry)[]): Buffer {
  const bytes = Buffer.alloc(kinds.length * 8);
  for (const [index, kind] of kinds.entries()) bytes.writeBigUInt64LE(entry[kind] | 0x1234n, index * 8);
  return bytes;
}

test('pages that were written to are those that are no longer the file’s, in memory or swapped out', () => {
  assert.deepEqual(runsOf(pagemap('none', 'own', 'swapped', 'file', 'file'), isPrivate), [[1, 3]]);
  assert.deepEqual(runsOf(pagemap('file', 'none', 'file'), isPrivate), []);
});

test('runs with a few clean pages between them are copied as one, and with many as two', () => {
  assert.deepEqual(runsOf(pagemap('own', 'file', 'none', 'own'), isPrivate, 4), [[0, 4]]);
  const far = Array.from({ length: 9 }, () => 'file' as const);
  assert.deepEqual(runsOf(pagemap('own', ...far, 'own'), isPrivate, 4), [
    [0, 1],
    [10, 11],
  ]);
});

test('pages that a process has in memory are present, whosever they are; swapped out ones are not', () => {
  assert.deepEqual(runsOf(pagemap('none', 'own', 'file', 'swapped', 'file'), isPresent), [
    [1, 3],
    [4, 5],
  ]);
});
