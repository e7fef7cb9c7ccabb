import { createVm, hasOutwardCard, type StandaloneRecord, standalonePlace, type VmCall, writeRecord } from '@goqemu/vm';
import { HeldVm } from '../held-vm.ts';
import { findSnapshot } from '../snapshot/find-snapshot.ts';
import { choosePorts } from './choose-ports.ts';
import { lockVm } from './lock-vm.ts';
import { newIdentity, temporaryName } from './make-record.ts';

/** What is to become a fork: its record says who it is, and the snapshot stays as long as it is there. */
export interface PreparedFork {
  readonly held: HeldVm;
  /** Key of the snapshot's layer. */
  readonly layer: string;
}

/**
 * Decides all that a fork is: a temporary VM with the shape of its origin, and a name, an identity and ports of its own.
 *
 * @throws GoqemuError `snapshot-unknown`, `snapshot-of-another-vm`
 */
export async function prepareFork(source: HeldVm, id: string, connectMs: number): Promise<PreparedFork> {
  const { record, place: origin } = source;
  const layer = await findSnapshot(source.vm, id);
  const name = await temporaryName(origin.host);
  const lock = await lockVm(origin.host, name);
  try {
    const forward = Object.fromEntries(
      Object.entries(record.forward).map(([label, { host: _host, ...rest }]) => [label, rest]),
    );
    const { sshPort, forwards } = await choosePorts(origin.host, name, forward);
    const identity = newIdentity(name, sshPort);
    const spec = { ...record.spec, name, identity, forwards: { ...forwards } };
    const forked: StandaloneRecord = { ...record, name, temporary: true, forward, spec };
    await writeRecord(origin.host, forked);
    const place = await standalonePlace(origin.host, name, record.snapshots);
    await place.host.layers.adopt(layer, place.scope.lineage);
    return { held: new HeldVm(place, forked, lock, connectMs), layer: layer.manifest.key };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Makes the fork and starts it where the snapshot was taken. A card that has an address of the host's network would
 * keep its origin's address until the next boot, and both would be on one network: such a fork boots.
 */
export async function startFork({ held, layer }: PreparedFork, call: VmCall): Promise<void> {
  await createVm(held.vm, { layer }, call);
  if (hasOutwardCard(held.record.spec)) await held.vm.update({ resumeFrom: undefined });
  await held.start(call);
}
