import { join } from 'node:path';
import { folderNames } from '@goqemu/core';

/** The disks of all machines of all labs: what they stand on is needed. */
export async function machineDisks(labsFolder: string): Promise<string[]> {
  const disks: string[] = [];
  for (const lab of await folderNames(labsFolder)) {
    for (const machine of await folderNames(join(labsFolder, lab))) {
      const folder = join(labsFolder, lab, machine);
      for (const file of await folderNames(folder)) {
        if (/^disk-\d+\.qcow2$/.test(file)) disks.push(join(folder, file));
      }
    }
  }
  return disks;
}
