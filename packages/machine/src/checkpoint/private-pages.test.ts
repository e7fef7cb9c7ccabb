import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsOf } from './private-pages.ts';

/** The upper bits of an entry: present, swapped, the file's own. */
const entry = { none: 0n, own: 1n << 63n, file: (1n << 63n) | (1n << 61n), swapped: 1n << 62n };

function pagemap(...kinds: (keyof typeof entry)[]): Buffer {
  const bytes = Buffer.alloc(kinds.length * 8);
  for (const [index, kind] of kinds.entries()) bytes.writeBigUInt64LE(entry[kind] | 0x1234n, index * 8);
  return bytes;
}

test('pages that were written to are those that are no longer the file’s, in memory or swapped out', () => {
  assert.deepEqual(runsOf(pagemap('none', 'own', 'swapped', 'file', 'file')), [[1, 3]]);
  assert.deepEqual(runsOf(pagemap('file', 'none', 'file')), []);
});

test('runs with a few clean pages between them are copied as one, and with many as two', () => {
  assert.deepEqual(runsOf(pagemap('own', 'file', 'none', 'own')), [[0, 4]]);
  const far = Array.from({ length: 9 }, () => 'file' as const);
  assert.deepEqual(runsOf(pagemap('own', ...far, 'own')), [
    [0, 1],
    [10, 11],
  ]);
});
