import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import { type LoudGuest, quietGuest } from './quiet-guest.ts';

const silent = (code: 'qga-not-responding' | 'timeout') =>
  new GoqemuError({ code, source: 'environment', message: 'no answer' });

/** A guest that nothing answers in; how often SSH is asked is counted. */
function silentGuest(status: () => Promise<unknown>) {
  const asked: string[] = [];
  const state: { agent: boolean } = { agent: true };
  const vm = {
    spec: { name: 'web' },
    state: async () => state,
    update: async (change: Partial<typeof state>) => Object.assign(state, change),
  };
  const session = {
    user: 'debian',
    exec: async (argv: readonly string[]) => {
      asked.push(argv.join(' '));
      return { exitCode: 0, stdout: '9999.00 1.00', stderr: '' };
    },
  };
  const agent = () => Promise.reject(silent('qga-not-responding'));
  const machine = { agent, isAgentPortTaken: async () => false, status } as unknown as Machine;
  const guest = { vm: vm as unknown as Vm, machine, session, keepsRam: true, begun: performance.now() };
  return { guest: guest as unknown as LoudGuest, asked, state };
}

test('a guest is silent since its QEMU hangs: that is said, and SSH does not wait for it', async () => {
  const { guest, asked, state } = silentGuest(() => Promise.reject(silent('timeout')));
  await assert.rejects(quietGuest(guest, {}), { code: 'qmp-silent' });
  assert.deepEqual(asked, []);
  assert.equal(state.agent, true, 'nothing is known of its agent');
});

test('a guest whose agent alone is silent is asked by SSH', async () => {
  const { guest, asked, state } = silentGuest(async () => 'running');
  assert.deepEqual(await quietGuest(guest, {}), { agent: false, standby: undefined });
  assert.equal(asked.at(-1), '/bin/sh');
  assert.equal(state.agent, false);
});
