import { rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FileOperations,
  folderNames,
  hostFileOperations,
  removeFile,
  removeTreeUnlessHeld,
  systemErrorCode,
} from '@goqemu/core';

/** In the folder of a machine that is no more, of which files could not be removed. */
const mark = 'deleted';

/** Milliseconds for which a QEMU that has just been ended may still have its files open. */
const endingMs = 500;

/**
 * Removes the folder of a machine that has no QEMU any more. On Windows, a disk of it that another machine's QEMU has open,
 * under the name that it has as a layer, stays until {@link removeDeletedFolders} finds it free.
 */
export async function removeVmFolder(folder: string, files: FileOperations = hostFileOperations): Promise<void> {
  for (let waited = 0; !(await removeTreeUnlessHeld(folder, files)); waited += 50) {
    if (waited >= endingMs) return await writeFile(join(folder, mark), '');
    await files.sleep(50);
  }
}

/** A new machine is in the folder from here on. */
export async function claimVmFolder(folder: string): Promise<void> {
  await removeFile(join(folder, mark));
}

/** Removes what {@link removeVmFolder} had to leave, of every lab; no host but Windows makes it leave anything. */
export async function removeDeletedFolders(
  labsFolder: string,
  files: FileOperations = hostFileOperations,
): Promise<void> {
  if (files.system !== 'win32') return;
  for (const lab of await folderNames(labsFolder)) {
    const machines = await folderNames(join(labsFolder, lab));
    for (const machine of machines) {
      const folder = join(labsFolder, lab, machine);
      if (!(await folderNames(folder)).includes(mark)) continue;
      if (!(await removeTreeUnlessHeld(folder, files))) await writeFile(join(folder, mark), '');
      else if (machines.length === 1) await removeEmpty(join(labsFolder, lab));
    }
  }
}

async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  });
}
