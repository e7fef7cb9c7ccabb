import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundedSize } from './rounded-size.ts';

test('a human-readable size has at most three digits or one decimal', () => {
  assert.deepEqual([0, 512, 1536, 300 * 2 ** 20, 75.81 * 2 ** 30, 2 ** 41].map(roundedSize), [
    '0 B',
    '512 B',
    '1.5 KiB',
    '300 MiB',
    '75.8 GiB',
    '2 TiB',
  ]);
});
