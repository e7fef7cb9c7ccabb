import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { Standby } from './standby.ts';
import { syncGuest } from './sync-guest.ts';

/** A machine whose agent runs sync(1) so. */
function machineWith(exec: (options: { timeoutMs: number }) => Promise<unknown>) {
  const machine = { agent: async () => ({ exec, [Symbol.asyncDispose]: async () => undefined }) };
  const vm = { spec: { name: 'db' }, state: async () => ({ agent: true }) };
  return [vm as unknown as Vm, { machine: machine as unknown as Machine, session: {} as GuestSession }, {}] as const;
}

test('a guest has ten minutes to write out what it holds in memory', async () => {
  const limits: number[] = [];
  await syncGuest(
    ...machineWith(async ({ timeoutMs }) => {
      limits.push(timeoutMs);
      return { exitCode: 0, stdout: '', stderr: '' };
    }),
  );
  assert.deepEqual(limits, [600_000]);
});

test('the process on standby has it done, where it can', async () => {
  const [vm, guest, call] = machineWith(async () => assert.fail('another process was started'));
  const waits: number[] = [];
  const standby = {
    sync: async (_machine: unknown, milliseconds: number) => {
      waits.push(milliseconds);
      return true;
    },
  };
  await syncGuest(vm, { ...guest, standby: standby as unknown as Standby }, call);
  assert.deepEqual(waits, [600_000]);
});

test('one that does not in that time, or cannot, is named, with the reason', async () => {
  const message = '/bin/sh still runs in the guest after 10 min, as process 616';
  const late = new GoqemuError({ code: 'qga-exec-timeout', source: 'environment', message });
  await assert.rejects(
    syncGuest(
      ...machineWith(async () => {
        throw late;
      }),
    ),
    { code: 'guest-sync-failed', subject: 'db', detail: message, cause: late },
  );
  const failed = { exitCode: 1, stdout: '', stderr: 'sync: error syncing: Input/output error' };
  await assert.rejects(syncGuest(...machineWith(async () => failed)), {
    code: 'guest-sync-failed',
    detail: failed.stderr,
  });
});
