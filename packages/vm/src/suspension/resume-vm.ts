import { basename } from 'node:path';
import { GoqemuError, hasErrorCode } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { beginRenewal, giveIdentity } from '../guest/give-identity.ts';
import { connectNetwork } from '../lifecycle/connect-network.ts';
import { launchFromLayer, ramObstacle } from '../lifecycle/launch-from-layer.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { readSuspension, removeSuspension, type Suspension, suspensionDamage } from './suspension.ts';

/**
 * Takes a suspended machine on from its RAM, which is gone afterwards.
 *
 * The machine's folder names the new QEMU, and forgets the RAM, before the guest runs: it could be resumed twice else, the
 * second time on a disk that is newer.
 *
 * @returns the running machine, or why its RAM cannot be used: nothing was changed then
 */
export async function resumeSuspended(
  vm: Vm,
  session: GuestSession,
  call: VmCall,
): Promise<{ readonly machine: Machine } | { readonly obstacle: string }> {
  const found = await usable(vm, call);
  if (typeof found === 'string') return { obstacle: found };
  const begun = performance.now();
  call.onProgress?.({ kind: 'stage', stage: 'restore', status: 'started' });
  const { disk, variables } = await vm.state();
  const resumed = await launchFromLayer(vm, found, { disk, variables, isAlone: true }, call).catch(ifItFailed);
  if (typeof resumed === 'string') return { obstacle: resumed };
  const { machine, state } = resumed;
  try {
    await vm.update({ ...state, suspended: undefined });
    vm.trace('resume: the folder names the new QEMU, and no RAM');
    await connectNetwork(vm, machine, call);
    const renewal = await beginRenewal(machine, found, call);
    await machine.resume();
    vm.trace('resume: the guest runs');
    call.onProgress?.({ kind: 'stage', stage: 'restore', status: 'done', durationMs: performance.now() - begun });
    await giveIdentity({ vm, machine, layer: found, session }, renewal, call);
    await removeSuspension(vm.folder);
    await vm.folder.keepOnly({ disk, variables, baseState: state.baseState });
    return { machine };
  } catch (error) {
    await machine.close();
    throw error;
  }
}

/** @throws GoqemuError `ram-lost` */
export async function resumeVm(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine> {
  const resumed = await resumeSuspended(vm, session, call);
  if ('machine' in resumed) return resumed.machine;
  const { name } = vm.spec;
  throw new GoqemuError({
    code: 'ram-lost',
    source: 'environment',
    subject: name,
    message: `${name} cannot resume: ${resumed.obstacle}`,
    hint: 'start it: it boots from its disk, to which its guest wrote its data',
  });
}

async function usable(vm: Vm, call: VmCall): Promise<Suspension | string> {
  const state = await vm.state();
  if (!state.suspended) return 'it is not suspended';
  const damage = await suspensionDamage(vm.folder, state);
  const manifest = readSuspension(vm.folder)?.value;
  if (damage !== undefined || !manifest) return damage ?? `${basename(vm.folder.suspension)} is missing`;
  const found = { manifest, folder: vm.folder.path };
  return (await ramObstacle(vm, found, call)) ?? found;
}

/** Nothing of it is left then. */
function ifItFailed(error: unknown): string {
  if (hasErrorCode(error, 'resume-failed')) return error.detail ?? error.message;
  throw error;
}
