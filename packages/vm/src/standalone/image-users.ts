import { join } from 'node:path';
import { folderNames } from '@goqemu/core';
import type { CachedImage } from '@goqemu/image';
import { backingChain } from '../layers/backing-chain.ts';
import { LayerStore } from '../layers/layer-store.ts';
import type { VmHost } from '../vm/vm-host.ts';
import { memoryFolders } from './standalone-host.ts';

/** The machines and checkpoints of this host whose disks begin in an image, in words. */
export async function imageUsers(host: VmHost, image: Pick<CachedImage, 'path'>): Promise<readonly string[]> {
  const inMemory = memoryFolders(host);
  const users: string[] = [];
  for (const labs of [host.folders.labs, inMemory.labs]) {
    for (const { disk, machine } of await machineDisks(labs)) {
      if ((await backingChain(disk)).includes(image.path) && !users.includes(machine)) users.push(machine);
    }
  }
  for (const store of [host.layers, new LayerStore(inMemory.snapshots)]) {
    for (const { manifest, folder } of await store.list()) {
      if (!(await backingChain(join(folder, manifest.disk.name))).includes(image.path)) continue;
      users.push(`snapshot ${manifest.id}${manifest.descriptions[0] ? ` (${manifest.descriptions.join(', ')})` : ''}`);
    }
  }
  return users;
}

async function machineDisks(labs: string): Promise<readonly { readonly disk: string; readonly machine: string }[]> {
  const disks: { disk: string; machine: string }[] = [];
  for (const lab of await folderNames(labs)) {
    for (const machine of await folderNames(join(labs, lab))) {
      for (const file of await folderNames(join(labs, lab, machine))) {
        if (!/^disk-\d+\.qcow2$/.test(file)) continue;
        const called = lab === 'standalone' ? `VM "${machine}"` : `machine "${machine}" of lab "${lab}"`;
        disks.push({ disk: join(labs, lab, machine, file), machine: called });
      }
    }
  }
  return disks;
}
