import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderNames, systemErrorCode } from '@goqemu/core';
import type { LabScope } from '@goqemu/lab';
import type { VmHost } from '@goqemu/vm';

/** Removes what a lab leaves besides its machines: its folder, and keys that no layer needs. */
export async function disposeLab(host: VmHost, labFolder: string, scope: LabScope): Promise<void> {
  await rmdir(labFolder).catch((error: unknown) => {
    // Machines of another stack, or a machine that is still there, keep the folder.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  });
  // A fork may outlive the lab or the fork that it comes from, whose keys its layers then need.
  const copies = await host.keys.copies();
  const needed = new Set((await host.layers.list()).map(({ manifest }) => manifest.identity.lineage));
  for (const lineage of new Set([scope.lineage, ...copies.keys(), ...copies.values()]))
    if (!needed.has(lineage) && !(await hasMachines(host, lineage))) await host.keys.delete(lineage);
}

async function hasMachines({ folders: { labs } }: VmHost, lineage: string): Promise<boolean> {
  const folders = (await folderNames(labs)).filter((name) => name.endsWith(`-${lineage}`));
  const machines = await Promise.all(folders.map((name) => folderNames(join(labs, name))));
  return machines.flat().length > 0;
}
