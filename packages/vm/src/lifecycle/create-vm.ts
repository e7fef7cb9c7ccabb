import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterCleanUp, makePrivateFolder } from '@goqemu/core';
import { writeKeyFiles } from '@goqemu/guest';
import { createOverlay } from '@goqemu/machine';
import type { Layer } from '../layers/layer.ts';
import { claimVmFolder, removeVmFolder } from '../vm/deleted-folders.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { writeVmState } from '../vm/vm-state.ts';
import { checkImageBelow } from './check-image-below.ts';
import { deleteVm } from './delete-vm.ts';
import { placeVariables } from './place-variables.ts';
import { qemuImg } from './qemu-img.ts';
import { writeSeed } from './write-seed.ts';

/** What a machine's disk stands on. */
export type VmOrigin =
  | {
      /** Absolute path of a qcow2 or raw image; never written to. */
      readonly image: string;
      readonly format: 'qcow2' | 'raw';
      /** Login shell of the machine's user. @default '/bin/bash' */
      readonly shell?: string;
      /** Whether the agent is in the image, or is installed from the guest's package sources after the first boot. */
      readonly guestAgent: 'included' | 'installable';
    }
  | {
      readonly layer: string;
      /** The machine that was cut: the new one is let in with the same keys, and shows the same host key. */
      readonly copyOf?: Vm;
    };

/**
 * Makes a machine's folder: disk, seed, keys. An earlier, unfinished try is cleared away first.
 *
 * @throws GoqemuError `layer-missing`, `layer-damaged`, `image-damaged`, `no-room`, `disk-create-failed`
 */
export async function createVm(vm: Vm, origin: VmOrigin, call: VmCall): Promise<void> {
  // Nothing of an earlier machine is given up before what the new one needs is known to be there.
  const below = 'layer' in origin ? await adopted(vm, origin.layer, call) : origin;
  await qemuImg(vm, call.signal);
  await deleteVm(vm, call);
  await makePrivateFolder(vm.folder.path);
  await claimVmFolder(vm.folder.path);
  try {
    await make(vm, origin, below, call);
  } catch (error) {
    throw await afterCleanUp(error, () => removeVmFolder(vm.folder.path));
  }
}

async function make(
  vm: Vm,
  origin: VmOrigin,
  below: Layer | Exclude<VmOrigin, { layer: string }>,
  call: VmCall,
): Promise<void> {
  const { spec, folder } = vm;
  const disk = await folder.nextDisk();
  await createOverlay(folder.file(disk), {
    qemuImg: await qemuImg(vm, call.signal),
    backing: 'manifest' in below ? join(below.folder, below.manifest.disk.name) : below.image,
    ...('image' in origin ? { backingFormat: origin.format } : {}),
    size: spec.disk,
    ...(call.signal ? { signal: call.signal } : {}),
  });
  vm.trace('create: the disk is there');
  const variables = 'manifest' in below ? await placeVariables(vm, below, disk) : undefined;
  if ('layer' in origin && origin.copyOf) await copyKeys(origin.copyOf, vm);
  await writeSeed(vm, {
    isSetUp: 'layer' in origin,
    ...('image' in origin && origin.shell ? { shell: origin.shell } : {}),
  });
  vm.trace('create: the seed is there');
  await writeVmState(folder.state, {
    version: 1,
    uuid: randomUUID(),
    disk,
    ...(variables ? { variables } : {}),
    ...('layer' in origin
      ? { layer: origin.layer, resumeFrom: origin.layer }
      : { image: origin.image, installAgent: origin.guestAgent === 'installable' }),
  });
  vm.trace('create: the folder is whole');
}

async function adopted(vm: Vm, key: string, call: VmCall): Promise<Layer> {
  const { layers } = vm.host;
  const layer = await layers.get(key);
  await checkImageBelow(vm.host, join(layer.folder, layer.manifest.disk.name), call);
  return layers.adopt(layer, vm.scope.lineage);
}

async function copyKeys(from: Vm, to: Vm): Promise<void> {
  await to.host.keys.copy(from.scope.lineage, to.scope.lineage);
  const kept = () => from.host.hostKeys.find(from.scope.lineage, from.spec.identity.instanceId);
  const pair = (await from.presentHostKey()) ?? (await kept());
  if (!pair) return; // it gets one of its own, and its guest receives it
  await writeKeyFiles(to.folder.hostKey, pair);
}
