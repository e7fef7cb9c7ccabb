import { dirname, join } from 'node:path';
import { backingChain } from './backing-chain.ts';
import type { Layer } from './layer.ts';

/** The file that a layer's disk is. */
export function diskOf({ folder, manifest }: Layer): string {
  return join(folder, manifest.disk.name);
}

/** The disk of a layer, and those of its own that it stands on, nearest first. */
export async function ownDisks(layer: Layer): Promise<readonly string[]> {
  const disk = diskOf(layer);
  return [disk, ...(await backingChain(disk)).filter((file) => dirname(file) === layer.folder)];
}

/** What a disk stands on outside its own folder. */
export async function belowFolder(disk: string): Promise<string | undefined> {
  return (await backingChain(disk)).find((file) => dirname(file) !== dirname(disk));
}
