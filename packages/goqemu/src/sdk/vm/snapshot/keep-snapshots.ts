import type { OperationOptions } from '../../operation-options.ts';
import type { DrivenVm } from '../driven-vm.ts';
import { ensureDisk } from '../standalone/hold-vm.ts';
import { collectSnapshots } from '../standalone/remove-standalone.ts';
import { standaloneVm } from '../standalone/standalone-status.ts';
import { findSnapshot, snapshotsOf } from './find-snapshot.ts';
import { checkDescription, describeSnapshot, type Snapshot } from './snapshot.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** Takes a snapshot of a VM that runs or does not. */
export async function createSnapshot(
  driven: DrivenVm,
  description: string,
  options: OperationOptions,
): Promise<Snapshot> {
  const text = checkDescription(description);
  return driven.change('taking a snapshot of', 'snapshot', options, async (call) => {
    const held = await driven.present(call);
    await ensureDisk(held, call);
    return takeSnapshot(held, text, call);
  });
}

/** Needs no lock: it looks only. */
export async function listSnapshots(driven: DrivenVm): Promise<readonly Snapshot[]> {
  const vm = await standaloneVm(driven.host, driven.name);
  if (!vm) return [];
  return Promise.all((await snapshotsOf(vm)).map((layer) => describeSnapshot(vm.host.layers, layer)));
}

/** Removes the name; files go when nothing reaches them. */
export function deleteSnapshot(driven: DrivenVm, id: string, options: OperationOptions): Promise<void> {
  return driven.change('deleting a snapshot of', 'snapshot', options, async (call) => {
    const { vm, place } = await driven.present(call);
    const { manifest } = await findSnapshot(vm, id);
    const others = (await snapshotsOf(vm)).map((layer) => layer.manifest.key).filter((key) => key !== manifest.key);
    await collectSnapshots(place, others);
  });
}
