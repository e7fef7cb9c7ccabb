import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readChanges } from './read-changes.ts';

test('what a package owns where its files are not read twice has changed with its size or its time', () => {
  const row = (was: string, is: string) => `touched\t/usr/bin/x\t${was}\t${is}\t\t\t1.0 1.0 5\t1.0 2.0 6\nend\n`;
  assert.deepEqual(readChanges(row('f 755 0 0 9', 'f 755 0 0 9'))?.files, [], 'installed again');
  assert.deepEqual(readChanges(row('f 755 0 0 9', 'f 755 0 0 8'))?.files[0]?.details, ['content']);
  assert.deepEqual(
    readChanges('touched\t/usr/bin/x\tf 755 0 0 9\tf 755 0 0 9\t\t\t1.0 1.0 5\t3.0 3.0 5\nend\n')?.files[0]?.details,
    ['content'],
  );
  assert.deepEqual(readChanges(row('81ed 0 0 9', 'a1ff 0 0 9'))?.files[0]?.details, ['type f → l']);
  assert.equal(readChanges('created\t/a\t\tf 755 0 0 9\n'), undefined, 'it did not end');
});
