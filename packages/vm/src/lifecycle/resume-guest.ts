import { hasErrorCode } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { beginRenewal, giveIdentity, type Renewal } from '../guest/give-identity.ts';
import { setCables } from '../guest/join-networks.ts';
import type { Layer } from '../layers/layer.ts';
import { removeSuspension } from '../suspension/suspension.ts';
import { cardsDigest } from '../vm/lab-cards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { connectNetwork } from './connect-network.ts';
import { killOthers, killRecorded } from './kill-vm.ts';
import { launchFromLayer, type Resumed, ramObstacle, type StandingFiles } from './launch-from-layer.ts';
import { putForwards } from './set-forwards.ts';

/** A machine that is to continue from a layer. */
export interface GuestResume {
  readonly vm: Vm;
  readonly layer: Layer;
  /** What it stands on then. */
  readonly files: StandingFiles;
  readonly session: GuestSession;
}

/**
 * Puts a machine where a layer was cut, RAM and all. The new QEMU is loaded before the one that runs is ended, so that
 * what fails until then changes nothing, and the guest runs on before the old one is gone: only its ports have to wait.
 *
 * The machine's folder names the new QEMU before the old one ends: a goqemu that is killed before leaves the old
 * machine and a stray that the next start ends, one that is killed after leaves a machine that the next start takes to
 * the layer. The RAM of a layer that does not fit or cannot be loaded costs a boot and never data, since its disk is
 * complete; the reason is reported as a notice.
 *
 * @returns undefined when the layer's RAM cannot be used: nothing was changed then
 */
export async function resumeGuest(resume: GuestResume, call: VmCall): Promise<Machine | undefined> {
  const { vm, layer, files, session } = resume;
  const obstacle = await ramObstacle(vm, layer, call);
  if (obstacle) return bootsInstead(vm, obstacle, call);
  const begun = performance.now();
  call.onProgress?.({ kind: 'stage', stage: 'restore', status: 'started' });
  const resumed = await launchFromLayer(vm, layer, files, call).catch((error: unknown) => {
    if (!hasErrorCode(error, 'resume-failed')) throw error;
    return bootsInstead(vm, error.detail ?? error.message, call);
  });
  if (!resumed) return undefined;
  const { machine } = resumed;
  let renewal: Renewal;
  try {
    // Another machine's addresses must not be heard on a network before this one's are there.
    if (layer.manifest.identity.cards !== cardsDigest(vm.spec)) await setCables(vm, machine, call, 'pulled');
    renewal = await beginRenewal(machine, layer, call);
    await machine.resume();
    vm.trace('restore: the guest runs');
    call.onProgress?.({ kind: 'stage', stage: 'restore', status: 'done', durationMs: performance.now() - begun });
  } catch (error) {
    await machine.kill();
    await machine.close();
    throw error;
  }
  try {
    const { agent } = layer.manifest;
    const takenOver = takeOver(resume, resumed, call);
    // The agent needs no ports; SSH does.
    if (!agent) await takenOver;
    await settled([takenOver, giveIdentity({ vm, machine, layer, session }, renewal, call)]);
    vm.trace('restore: the guest knows the time');
    await vm.update({
      resumeFrom: undefined,
      identity: vm.spec.identity.instanceId,
      agent,
      cards: cardsDigest(vm.spec),
      ready: true, // a layer is cut of a guest that is
    });
    await removeSuspension(vm.folder);
    await vm.folder.keepOnly({ ...files, baseState: resumed.state.baseState });
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

async function takeOver(
  { vm, layer, files, session }: GuestResume,
  { machine, state }: Resumed,
  call: VmCall,
): Promise<void> {
  const { key, identity } = layer.manifest;
  const { machine: former } = await vm.state();
  await vm.update({
    ...state,
    ...files,
    layer: key,
    resumeFrom: key,
    suspended: undefined,
    identity: identity.instanceId,
    ready: undefined,
  });
  vm.trace('restore: the folder names the new QEMU');
  if (former) await killRecorded(vm, former, call);
  await killOthers(vm, call);
  vm.trace('restore: the old QEMU is gone');
  session.reset();
  // The ports were the old QEMU's until now.
  await connectNetwork(vm, machine, call);
  await putForwards(vm, machine, call);
  vm.trace('restore: the ports are there');
}

/** Waits for both, so that nothing keeps running after an error. */
async function settled(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}

function bootsInstead(vm: Vm, reason: string, call: VmCall): undefined {
  call.onProgress?.({
    kind: 'notice',
    code: 'ram-not-used',
    message: `${vm.spec.name} boots from the checkpoint's disk instead of resuming from its RAM: ${reason}`,
  });
}
