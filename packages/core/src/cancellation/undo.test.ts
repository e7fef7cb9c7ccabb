import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '../errors/goqemu-error.ts';
import { orUndone } from './undo.ts';

test('a change that succeeds after it was given up is undone before the error is thrown', async () => {
  const controller = new AbortController();
  let undone: string | undefined;
  const waiting = orUndone({
    name: 'the change',
    timeoutMs: 60_000,
    signal: controller.signal,
    change: async () => {
      controller.abort(new Error('enough'));
      await new Promise((resolve) => setImmediate(resolve));
      return 'changed';
    },
    undo: async (value) => {
      undone = value;
    },
  });
  await assert.rejects(waiting, /enough/);
  assert.equal(undone, 'changed');
});

test('a change that never answers is not waited for, and one that failed is not undone', async () => {
  const undo = () => assert.fail('there is nothing to undo');
  const mute = { name: 'the change', timeoutMs: 1, graceMs: 1, change: () => new Promise<void>(() => undefined), undo };
  await assert.rejects(orUndone(mute), (error) => hasErrorCode(error, 'timeout') && /the change/.test(error.message));
  const refused = { ...mute, change: () => Promise.reject(new Error('refused')) };
  await assert.rejects(orUndone(refused), /refused/);
});
