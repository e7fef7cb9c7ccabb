import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('escape sequences are taken out and control characters shown', () => {
  assert.equal(printable('\u001b[31mred\u001b[0m a\u0007b'), 'red a\u2407b');
  assert.equal(printable('a\r\nb\tc'), 'a\nb\tc');
  assert.equal(printable('\u001b]0;title\u0007after'), 'after');
  assert.equal(printable('\u009b2J'), '');
});
