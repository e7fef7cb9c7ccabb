import { GoqemuError } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { throughAgent, throughSession } from './as-root.ts';

/**
 * Has the guest write out what it holds in memory, so that the disk alone is complete.
 *
 * @throws GoqemuError `guest-sync-failed`
 */
export async function syncGuest(vm: Vm, machine: Machine, session: GuestSession, call: VmCall): Promise<void> {
  const { agent } = await vm.state();
  // sync(2) needs no privileges, so that a guest without sudo can be cut as well.
  const run = agent ? throughAgent(machine, call) : throughSession(session, call, session.user);
  const result = await run('exec sync\n');
  if (result.exitCode === 0) return;
  throw new GoqemuError({
    code: 'guest-sync-failed',
    source: 'environment',
    subject: vm.spec.name,
    message: `the guest of ${vm.spec.name} could not write out its data, so no checkpoint was made`,
    detail: result.stderr.trim() || `sync ended with exit code ${result.exitCode ?? 'none'}`,
    hint: 'look into the guest: its disk may be full or broken',
  });
}
