import {
  type FileOperations,
  GoqemuError,
  hostFileOperations,
  isHeldError,
  systemErrorCode,
  withPatience,
} from '@goqemu/core';
import type { MachineConfig } from '../configuration/machine-config.ts';

/**
 * QEMU locks its images everywhere but on Windows (block/file-win32.c): there two machines on one disk would destroy it.
 * What a QEMU has open there cannot be renamed, not even to its own name, which changes nothing where it can be. A file that
 * a scanner has open is asked for again for two seconds.
 *
 * @throws GoqemuError `image-locked`
 */
export async function refuseHeldDisks(
  { name, drives }: Pick<MachineConfig, 'name' | 'drives'>,
  files: FileOperations = hostFileOperations,
): Promise<void> {
  if (files.system !== 'win32') return;
  for (const { source, readOnly } of drives) {
    if (readOnly || source.kind !== 'file') continue;
    try {
      await withPatience(() => files.rename(source.path, source.path), files);
    } catch (error) {
      if (isHeldError(error, files.system)) throw heldDisk(name, source.path, error);
      if (systemErrorCode(error) !== 'ENOENT') throw error; // QEMU says what is missing
    }
  }
}

function heldDisk(name: string, path: string, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'image-locked',
    source: 'user',
    subject: name,
    message: `machine "${name}" was not started: another program has its disk open: ${path}`,
    hint: 'another process has the disk open: stop it, or give this machine an overlay of its own',
    cause,
  });
}
