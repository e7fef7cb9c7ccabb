import { restoreVm, type VmCall } from '@goqemu/vm';
import type { HeldVm } from '../held-vm.ts';
import { findSnapshot } from './find-snapshot.ts';

/** Takes a VM back; everything that this needs is looked at before the VM is touched. */
export async function restoreSnapshot(held: HeldVm, id: string, call: VmCall): Promise<void> {
  const { manifest } = await findSnapshot(held.vm, id);
  await held.replace(`was taken back to snapshot ${id}`, (session) => restoreVm(held.vm, manifest.key, session, call));
}
