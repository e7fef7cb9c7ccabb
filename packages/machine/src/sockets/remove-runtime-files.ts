import { rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { folderNames, removeAbandonedDrafts, systemErrorCode } from '@goqemu/core';
import { socketNames } from './machine-sockets.ts';

/** Every name that goqemu and QEMU make in a runtime folder. */
const known = new Set<string>([
  ...Object.values(socketNames),
  ...['m', 'n', 'spice', 'vnc', 'r.lock', 'a.lock', 'log', 'keys.psk', 'room'],
]);

/** Removes a dead machine's sockets, locks and log; the folder and its parent go when they are empty. */
export async function removeRuntimeFiles(folder: string): Promise<void> {
  const names = (await folderNames(folder)).filter((name) => known.has(name));
  await Promise.all(names.map((name) => removeFile(join(folder, name))));
  await removeAbandonedDrafts(folder); // of locks, by a goqemu that was killed while it took its turn
  await removeEmpty(folder);
  await removeEmpty(dirname(folder));
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error; // QEMU removes its sockets when it ends by itself
  });
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    // Another machine's folder is in it, it is somebody else's to remove, or it is gone already.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EPERM', 'EBUSY'].includes(code)) throw error;
  }
}
