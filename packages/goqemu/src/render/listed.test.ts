import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listed } from './listed.ts';

test('words are listed with commas, and the last with an and', () => {
  assert.equal(listed([]), '');
  assert.equal(listed(['disk']), 'disk');
  assert.equal(listed(['disk', 'ram']), 'disk and ram');
  assert.equal(listed(['disk', 'ram', 'uefi-variables']), 'disk, ram and uefi-variables');
});
