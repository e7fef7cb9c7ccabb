import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The disks of all machines of all labs: what they stand on is needed. */
export async function machineDisks(labsFolder: string): Promise<string[]> {
  const disks: string[] = [];
  for (const lab of await readdir(labsFolder).catch(() => [])) {
    for (const machine of await readdir(join(labsFolder, lab)).catch(() => [])) {
      const folder = join(labsFolder, lab, machine);
      for (const file of await readdir(folder).catch(() => [])) {
        if (/^disk-\d+\.qcow2$/.test(file)) disks.push(join(folder, file));
      }
    }
  }
  return disks;
}
