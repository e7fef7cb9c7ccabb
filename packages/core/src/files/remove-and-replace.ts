import { join } from 'node:path';
import { systemErrorCode } from '../errors/internal-error.ts';
import { type FileOperations, hostFileOperations } from './file-operations.ts';

/** Milliseconds for which Windows is asked again: scanners and indexers open each new file for a moment. */
const patienceMs = 2000;

/**
 * Whether a file could not be removed or replaced because a program has it open. Only Windows refuses that, where the
 * program did not open it with FILE_SHARE_DELETE (CreateFileW), by whatever name; QEMU does not (block/file-win32.c).
 */
export function isHeldError(error: unknown, system: NodeJS.Platform = process.platform): boolean {
  return system === 'win32' && ['EBUSY', 'EPERM', 'EACCES'].includes(systemErrorCode(error) ?? '');
}

/** Does something again for about two seconds while Windows says that a program has the file open. */
export async function withPatience<T>(work: () => Promise<T>, files: FileOperations = hostFileOperations): Promise<T> {
  let waited = 0;
  for (let pause = 10; ; pause = Math.min(pause * 2, 200)) {
    try {
      return await work();
    } catch (error) {
      if (!isHeldError(error, files.system) || waited >= patienceMs) throw error;
      await files.sleep(pause);
      waited += pause;
    }
  }
}

/** Renames a file to a name that may be taken: the file of that name is replaced in one step. */
export async function replaceFile(from: string, to: string, files: FileOperations = hostFileOperations): Promise<void> {
  await withPatience(() => files.rename(from, to), files);
}

/** Removes a file that no machine uses; one that is absent is no error. */
export async function removeFile(path: string, files: FileOperations = hostFileOperations): Promise<void> {
  await withPatience(() => unlinkIfThere(path, files), files);
}

/** Removes a file or a folder with all that is in it, none of which a machine uses; an absent one is no error. */
export async function removeTree(path: string, files: FileOperations = hostFileOperations): Promise<void> {
  await withPatience(() => files.removeTree(path), files);
}

/**
 * Removes a file that a running QEMU may have open, by this name or another. Windows refuses that: then the name stays,
 * and the caller sees to it that a later collection finds it.
 *
 * @returns whether the name is gone
 */
export async function removeUnlessHeld(path: string, files: FileOperations = hostFileOperations): Promise<boolean> {
  return unlessHeld(() => unlinkIfThere(path, files), files);
}

/** Replaces a file that a running QEMU may have open, see `removeUnlessHeld`. The caller removes `from` when it stays. */
export async function replaceUnlessHeld(
  from: string,
  to: string,
  files: FileOperations = hostFileOperations,
): Promise<boolean> {
  return unlessHeld(() => files.rename(from, to), files);
}

/**
 * Removes a folder in which a running QEMU may have files open: what nothing holds goes, the rest stays with its folders.
 *
 * @returns whether all of it is gone
 */
export async function removeTreeUnlessHeld(path: string, files: FileOperations = hostFileOperations): Promise<boolean> {
  if (files.system === 'win32') return removeFreeEntries(path, files);
  await files.removeTree(path);
  return true;
}

async function removeFreeEntries(folder: string, files: FileOperations): Promise<boolean> {
  let isEmpty = true;
  for (const { name, isFolder } of await entriesIfThere(folder, files)) {
    const path = join(folder, name);
    const isGone = isFolder ? await removeFreeEntries(path, files) : await removeUnlessHeld(path, files);
    isEmpty &&= isGone;
  }
  return isEmpty && (await unlessHeld(() => ignoring(['ENOENT'], files.rmdir(folder)), files));
}

async function entriesIfThere(folder: string, files: FileOperations) {
  try {
    return await files.entries(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function unlessHeld(work: () => Promise<void>, { system }: FileOperations): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isHeldError(error, system)) return false;
    throw error;
  }
}

function unlinkIfThere(path: string, files: FileOperations): Promise<void> {
  return ignoring(['ENOENT', 'ENOTDIR'], files.unlink(path));
}

async function ignoring(codes: readonly string[], work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!codes.includes(systemErrorCode(error) ?? '')) throw error;
  }
}
