import { join } from 'node:path';
import { afterCleanUp, removeAbandonedDrafts, removeUnlessHeld } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import { createOverlay, type Machine } from '@goqemu/machine';
import { variablesBeside } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { checkImageBelow } from './check-image-below.ts';
import { killVm } from './kill-vm.ts';
import { placeVariables } from './place-variables.ts';
import { qemuImg } from './qemu-img.ts';
import { renewRam } from './renew-ram.ts';
import { resumeGuest } from './resume-guest.ts';
import { bootVm, closedIfNot } from './start-vm.ts';

/**
 * Takes a machine back to a layer and leaves it running and ready. What it holds beyond any layer is given up.
 * Everything that the way back needs is checked before the machine is touched.
 *
 * @throws GoqemuError `layer-missing`, `layer-damaged`, `image-damaged`, `no-room`, and what starting throws
 */
export async function restoreVm(vm: Vm, key: string, session: GuestSession, call: VmCall): Promise<Machine> {
  const { layers } = vm.host;
  const layer = await layers.get(key);
  await checkImageBelow(vm.host, join(layer.folder, layer.manifest.disk.name), call);
  await layers.adopt(layer, vm.scope.lineage);
  await removeAbandonedDrafts(vm.folder.path);
  const disk = await vm.folder.nextDisk();
  let variables: string | undefined;
  try {
    await createOverlay(vm.folder.file(disk), {
      qemuImg: await qemuImg(vm, call.signal),
      backing: join(layer.folder, layer.manifest.disk.name),
      size: vm.spec.disk,
      ...(call.signal ? { signal: call.signal } : {}),
    });
    variables = await placeVariables(vm, layer, disk);
    vm.trace('restore: the overlay is there');
    const resumed = await resumeGuest({ vm, layer, files: await filesAt(vm, disk, variables), session }, call);
    if (resumed) return resumed;
    await vm.update({}); // what cannot be written down must not cost the old QEMU and its memory
    await killVm(vm, call);
    vm.trace('restore: the old QEMU is gone');
  } catch (error) {
    throw await afterCleanUp(error, async () => {
      if ((await vm.state()).disk === disk) return;
      for (const name of [disk, variablesBeside(disk)]) await removeUnlessHeld(vm.folder.file(name));
    });
  }
  const files = await filesAt(vm, disk, variables);
  const { instanceId, mac } = layer.manifest.identity;
  // cloud-init may have written the address to the disk; it writes another one for a machine that is new to it.
  const ofItsDisk = instanceId === vm.spec.identity.instanceId ? mac : undefined;
  await vm.update({ ...files, layer: key, resumeFrom: undefined, identity: instanceId, mac: ofItsDisk });
  vm.trace('restore: the folder names the overlay');
  await vm.folder.keepOnly(files);
  session.reset();
  const machine = await bootVm(vm, session, call);
  return await closedIfNot(machine, renewRam({ vm, layer, machine, session }, call));
}

/** The machine keeps its own UEFI variables where the layer has none. */
async function filesAt(vm: Vm, disk: string, variables: string | undefined) {
  return { disk, variables: variables ?? (await vm.state()).variables };
}
