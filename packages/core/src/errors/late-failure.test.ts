import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterCleanUp, withLateFailure } from './late-failure.ts';

test('the first failure stays what is thrown, and the late one is the last of its causes', () => {
  const late = new Error('the clean-up');
  const cause = new Error('its cause');
  const first = new Error('the first', { cause });
  assert.equal(withLateFailure(first, late), first);
  assert.equal(cause.cause, late);
  assert.equal(withLateFailure(first, late), first, 'twice does no harm');
});

test('a failure that can carry nothing is thrown together with the late one', () => {
  const late = new Error('the clean-up');
  for (const first of ['text', Object.freeze(new Error('frozen'))]) {
    const both = withLateFailure(first, late);
    assert.ok(both instanceof AggregateError);
    assert.deepEqual(both.errors, [first, late]);
  }
});

test('a clean-up that fails does not hide the failure before it', async () => {
  const first = new Error('the first');
  const late = new Error('the clean-up');
  assert.equal(await afterCleanUp(first, async () => undefined), first);
  assert.equal(first.cause, undefined);
  assert.equal(await afterCleanUp(first, () => Promise.reject(late)), first);
  assert.equal(first.cause, late);
});
