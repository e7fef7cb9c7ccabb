import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sh } from './sh.ts';

test('a value of sh is a word, not an assignment to the shell', () => {
  assert.deepEqual(sh`${'LD_PRELOAD=/tmp/x.so'} ls`.parts, ["'LD_PRELOAD=/tmp/x.so' ls"]);
  assert.deepEqual(sh`${['A=b', 'c']}`.parts, ["'A=b' c"]);
});

test('other words stay as layer keys have them: options with an equals sign are not quoted', () => {
  assert.deepEqual(sh`tool ${'--size=4'} ${'/dev/vdb'} ${'a b'} ${7}`.parts, ["tool --size=4 /dev/vdb 'a b' 7"]);
});
