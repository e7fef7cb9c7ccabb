import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GoqemuError } from '../errors/goqemu-error.ts';
import { withPath } from '../errors/host-error.ts';
import { type FileOperations, hostFileOperations } from './file-operations.ts';
import { makeFolders } from './make-folders.ts';
import { removeFile, replaceFile } from './remove-and-replace.ts';
import { renameOver } from './rename-over.ts';
import { statIfThere } from './stat-if-there.ts';

export interface AtomicWriteOptions {
  /** Permission bits of the new file; 0o644 unless said otherwise. */
  readonly mode?: number;
  /** What removes and renames; injected in tests. */
  readonly files?: FileOperations;
}

/**
 * Replaces a file that a user has named whole or not at all: a temporary name beside it, fsync, rename, fsync of the
 * folder. A symbolic link stays, and what it leads to is replaced. A device is written to: renaming would put a file in
 * the place of `/dev/null`.
 *
 * @throws GoqemuError `file-unusable` for a pipe or a socket; the host's own errors
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const found = await statIfThere(path);
  if (found?.isCharacterDevice()) return await writeFile(path, content);
  if (found && !found.isFile() && !found.isDirectory()) throw notAFile(path);
  const target = found ? await realpath(path) : path;
  await writeAndRename(target, content, { ...options, renameTo: replaceFile });
}

function notAFile(path: string): GoqemuError {
  return new GoqemuError({
    code: 'file-unusable',
    source: 'user',
    subject: path,
    message: `cannot write ${path}: it is neither a file nor a character device`,
    hint: 'name a file',
  });
}

/**
 * The same for a file of goqemu's own, in a folder of its own: it is written also where a folder has its name, which is
 * moved aside.
 */
export async function writeOwnFile(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  await writeAndRename(path, content, { ...options, renameTo: renameOver });
}

async function writeAndRename(
  path: string,
  content: string | Uint8Array,
  {
    mode = 0o644,
    files = hostFileOperations,
    renameTo,
  }: AtomicWriteOptions & { readonly renameTo: typeof replaceFile },
): Promise<void> {
  makeFolders(dirname(path));
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameTo(temporary, path, files);
  } catch (error) {
    await removeFile(temporary, files).catch(() => undefined); // the first failure is what counts
    throw withPath(error, path);
  }
  await syncFolder(dirname(path));
}

/** Makes a rename in this folder durable. Windows has no such call and needs none: NTFS journals its folders. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } finally {
    await handle?.close();
  }
}
