import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError, hasErrorCode } from './goqemu-error.ts';

test('a code that is not in the registry does not compile, neither thrown nor asked for', () => {
  const error = new GoqemuError({ code: 'locked', source: 'environment', message: 'another goqemu holds the lock' });
  assert.ok(hasErrorCode(error, 'locked'));
  // @ts-expect-error: no such code
  assert.ok(!hasErrorCode(error, 'lokced'));
  // @ts-expect-error: no such code
  assert.equal(new GoqemuError({ code: 'lokced', source: 'user', message: 'a typo' }).source, 'user');
});
