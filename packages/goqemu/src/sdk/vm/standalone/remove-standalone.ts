import { rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasErrorCode, isAlive, readLockHolder, systemErrorCode } from '@goqemu/core';
import {
  collectLayers,
  deleteVm,
  lockPath,
  memoryFolders,
  readRecord,
  removeRecord,
  type StandalonePlace,
  type StandaloneRecord,
  standaloneFolder,
  standaloneNames,
  standalonePlace,
  unreadable,
  Vm,
  type VmCall,
  type VmHost,
} from '@goqemu/vm';
import { lockVm } from './lock-vm.ts';

/** Leaves nothing of a VM: process, disk, snapshots, keys, record. Its lock must be held. */
export async function removeStandalone(place: StandalonePlace, record: StandaloneRecord, call: VmCall): Promise<void> {
  const { host, scope } = place;
  await deleteVm(new Vm(host, scope, record.spec), call);
  await collectSnapshots(place, []);
  await host.keys.delete(scope.lineage);
  await removeRecord(host, record.name);
}

/** Removes what nothing reaches of a VM's snapshots; a kept one or the VM's disk may still stand on a removed one. */
export async function collectSnapshots(
  { host, scope, labsFolder }: StandalonePlace,
  keep: readonly string[],
): Promise<void> {
  await collectLayers({ store: host.layers, labsFolder, lineage: scope.lineage, keep });
}

/** The folders of all such VMs go with the last of them, on the disk and in memory. */
export async function removeEmptyFolders(host: VmHost): Promise<void> {
  const { labs, snapshots } = memoryFolders(host);
  const inMemory = [join(labs, 'standalone'), labs, join(snapshots, 'groups'), snapshots, dirname(labs)];
  for (const folder of [standaloneFolder(host), ...inMemory, dirname(dirname(labs))])
    await rmdir(folder).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
    });
}

/** VMs without a name of their own, left behind by a process that was killed. */
export async function removeAbandoned(host: VmHost, call: VmCall): Promise<void> {
  for (const name of await standaloneNames(host)) {
    const holder = await readLockHolder(lockPath(host, name));
    if (holder === undefined || holder === 'damaged' || (await isAlive(holder.identity))) continue;
    const record = await readRecord(host, name).catch(unreadable);
    if (!record?.temporary) continue;
    await using lock = await lockVm(host, name).catch((error: unknown) => {
      if (hasErrorCode(error, 'vm-in-use')) return undefined; // another process is at it
      throw error;
    });
    if (!lock) continue;
    host.logger.log('info', 'sdk', `removing VM "${name}": its process ${holder.identity.pid} ended without doing so`);
    await removeStandalone(await standalonePlace(host, name, record.snapshots), record, call);
  }
}
