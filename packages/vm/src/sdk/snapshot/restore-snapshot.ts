import { killVm } from '../../lifecycle/kill-vm.ts';
import { restoreVm } from '../../lifecycle/restore-vm.ts';
import type { VmCall } from '../../vm/vm-host.ts';
import type { HeldVm } from '../held-vm.ts';
import { findSnapshot } from './find-snapshot.ts';

/** Takes a VM back; everything that this needs is looked at before the VM is touched. */
export async function restoreSnapshot(held: HeldVm, id: string, call: VmCall): Promise<void> {
  const { vm, place } = held;
  const layer = await findSnapshot(vm, id);
  await place.host.layers.check(layer);
  await held.disconnect(`was taken back to snapshot ${id}`);
  try {
    held.run(await restoreVm(vm, layer.manifest.key, await held.session(), call));
  } catch (error) {
    await held.disconnect('could not be taken back to a snapshot');
    await killVm(vm, {});
    throw error;
  }
}
