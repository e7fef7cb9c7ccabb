import { restoreVm, type VmCall } from '@goqemu/vm';
import type { HeldVm } from '../held-vm.ts';
import { findSnapshot } from './find-snapshot.ts';

/** Restores a VM; everything that this needs is checked before the VM is touched. */
export async function restoreSnapshot(held: HeldVm, id: string, call: VmCall): Promise<void> {
  const { manifest } = await findSnapshot(held.vm, id);
  await held.replace(`was taken back to snapshot ${id}`, (session) => restoreVm(held.vm, manifest.key, session, call));
}
