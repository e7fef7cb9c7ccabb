import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TypedEmitter } from '@goqemu/core';
import { ResetWatch } from './reset-watch.ts';

test('a reset is remembered, ends what waits for the guest, and is said as its reboot', () => {
  const qmp = new TypedEmitter<{ RESET: undefined }>();
  using watch = new ResetWatch('web', { qmp });
  const limit = watch.limit(new AbortController().signal);
  watch.throwIfReset();
  assert.equal(limit.aborted, false);
  qmp.emit('RESET', undefined);
  assert.equal(watch.hasReset, true);
  assert.equal(limit.reason.code, 'guest-rebooted');
  assert.throws(() => watch.throwIfReset(), { code: 'guest-rebooted', message: /web/ });
});

test('resets before it and after it are not its concern', () => {
  const qmp = new TypedEmitter<{ RESET: undefined }>();
  qmp.emit('RESET', undefined);
  const watch = new ResetWatch('web', { qmp });
  watch[Symbol.dispose]();
  qmp.emit('RESET', undefined);
  assert.equal(watch.hasReset, false);
});

test('a machine that is not running is never reset; the limit is still that of the caller', () => {
  using watch = new ResetWatch('web', undefined);
  const caller = new AbortController();
  const limit = watch.limit(caller.signal);
  caller.abort(new Error('interrupted'));
  assert.equal(limit.aborted, true);
  watch.throwIfReset();
});
