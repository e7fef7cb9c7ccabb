import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isResourceName } from '@goqemu/core';
import { matrixEntries } from './lab-matrix.ts';

test('a matrix gives every combination, each in a stack of its own', () => {
  const entries = matrixEntries({
    at: 'ready',
    parameters: { size: 1, workers: 9 },
    matrix: { image: ['debian-12', 'debian-13'], workers: [1, 2] },
  });
  assert.deepEqual(
    entries.map(({ suffix, options }) => [suffix, options.stack, options.parameters]),
    [
      [' [image=debian-12, workers=1]', 'debian-12-1', { size: 1, image: 'debian-12', workers: 1 }],
      [' [image=debian-12, workers=2]', 'debian-12-2', { size: 1, image: 'debian-12', workers: 2 }],
      [' [image=debian-13, workers=1]', 'debian-13-1', { size: 1, image: 'debian-13', workers: 1 }],
      [' [image=debian-13, workers=2]', 'debian-13-2', { size: 1, image: 'debian-13', workers: 2 }],
    ],
  );
  assert.ok(entries.every(({ options }) => options.at === 'ready' && !('matrix' in options)));
});

test('values that no stack can be called by are distinguished nevertheless', () => {
  const values = ['a b', 'a-b', 'A-b', '', 'x'.repeat(100), { deep: [1] }, { deep: [2] }, true, null, '-'];
  const stacks = matrixEntries({ matrix: { value: values } }).map(({ options }) => options.stack ?? '');
  assert.ok(stacks.every(isResourceName), stacks.join('\n'));
  assert.equal(new Set(stacks.map((stack) => stack.toLowerCase())).size, values.length, stacks.join('\n'));
  assert.deepEqual([stacks[1], stacks[7]], ['a-b', 'true']);
  assert.equal(matrixEntries({ stack: 'ci', matrix: { n: [1] } })[0]?.options.stack, 'ci-1');
});

test('without a matrix there is one lab, as it is', () => {
  assert.deepEqual(matrixEntries({ at: 'ready' }), [{ suffix: '', options: { at: 'ready' } }]);
});
