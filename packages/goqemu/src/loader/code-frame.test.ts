import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFrame } from './code-frame.ts';

test('a code frame points at line and column and shows the lines around', () => {
  const source = 'one\ntwo\nthree\nfour\nfive\nsix\n';
  assert.equal(
    codeFrame(source, { file: 'lab.ts', line: 3, column: 2 }),
    ['  1 | one', '  2 | two', '> 3 | three', '    |  ^', '  4 | four', '  5 | five'].join('\n'),
  );
});

test('a code frame of a minified line is cut and leaves the caret out where it would not be seen', () => {
  const frame = codeFrame('x'.repeat(10_000), { file: 'lab.js', line: 1, column: 5_000 });
  assert.ok(frame.length < 200);
  assert.ok(!frame.includes('^'));
});

test('a location without a line has no code frame', () => {
  assert.equal(codeFrame('one', { file: 'lab.ts' }), '');
});
