import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { ActionLog } from './action-log.ts';
import { recorded } from './recorded-calls.ts';

const cause = new Error('the socket was closed');
const raised = (source: 'environment' | 'internal') =>
  new GoqemuError({ code: 'connection-lost', source, message: 'the guest has gone', detail: 'why', cause });

/** A machine whose calls fail deep within goqemu, later. */
const machine = {
  exec: (_command: string) =>
    new Promise((_resolve, reject) => {
      setImmediate(() => reject(raised('environment')));
    }),
  forwards() {
    throw raised('environment');
  },
  ip: async () => {
    throw raised('internal');
  },
};
const web = recorded(machine, new ActionLog(), { kind: 'machine', name: 'web' });

const framesOf = (error: GoqemuError) => (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));

test('the stack of an action that fails begins at the line of the test, and all else of the error stays', async () => {
  const error = await web.exec('true').then(
    () => assert.fail('it did not fail'),
    (thrown: GoqemuError) => thrown,
  );
  const [first = '', ...others] = framesOf(error);
  assert.match(first, /caller\.test\.ts:29:\d+\)?$/);
  assert.ok(
    others.every((line) => !/action-log|recorded-calls|node:internal/.test(line)),
    error.stack,
  );
  assert.match(error.stack ?? '', /^\w*Error: the guest has gone\n/);
  assert.deepEqual([error.code, error.detail, error.cause], ['connection-lost', 'why', cause]);
});

test('so does that of a call that fails at once', () => {
  assert.throws(
    () => web.forwards(),
    (error: GoqemuError) => /caller\.test\.ts:45:/.test(framesOf(error)[0] ?? ''),
  );
});

test('where goqemu itself is wrong the stack stays whole', async () => {
  await assert.rejects(web.ip(), (error: GoqemuError) => /raised/.test(framesOf(error)[0] ?? ''));
});
