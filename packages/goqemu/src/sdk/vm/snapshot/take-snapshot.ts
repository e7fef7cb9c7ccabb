import { randomBytes } from 'node:crypto';
import { checkMemoryRoom, cutLayer, type VmCall } from '@goqemu/vm';
import type { HeldVm } from '../held-vm.ts';
import { describeSnapshot, type Snapshot } from './snapshot.ts';

/** Disk and RAM of a running VM, the disk of one that is not; it keeps running. */
export async function takeSnapshot(held: HeldVm, description: string, call: VmCall): Promise<Snapshot> {
  const { vm, machine, place, record } = held;
  if (record.snapshots === 'memory') await checkMemoryRoom(record.name, machine ? record.spec.memory : 0);
  const { layer: parent } = await vm.state();
  const options = {
    key: randomBytes(32).toString('hex'),
    ram: machine !== undefined,
    descriptions: [description, record.name],
    ...(parent === undefined ? {} : { parent }),
  };
  const { layer } = await cutLayer({ vm, machine, session: await held.session(), options }, call);
  return describeSnapshot(place.host.layers, layer);
}
