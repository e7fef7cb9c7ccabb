import { removeVmFolder } from '../vm/deleted-folders.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { killVm } from './kill-vm.ts';

/**
 * Leaves no process, socket, disk or folder of the machine behind. While a layer was cut from it, its host key is kept
 * with the lab's keys: made again from that layer, it continues as the same machine.
 */
export async function deleteVm(vm: Vm, call: VmCall): Promise<void> {
  await killVm(vm, call);
  await keepHostKey(vm);
  await removeVmFolder(vm.folder.path);
}

async function keepHostKey(vm: Vm): Promise<void> {
  const { host, scope, spec } = vm;
  const pair = await vm.presentHostKey();
  if (!pair || !(await host.keys.load(scope.lineage))) return;
  const layers = await host.layers.list();
  if (layers.some(({ manifest }) => manifest.identity.hostKey === pair.publicKey))
    await host.hostKeys.keep(scope.lineage, spec.identity.instanceId, pair);
}
