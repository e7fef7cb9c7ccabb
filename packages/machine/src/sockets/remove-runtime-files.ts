import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeAbandonedDrafts, systemErrorCode } from '@goqemu/core';

/** Every name that goqemu and QEMU make in a runtime folder. */
const names = ['c', 'r', 't', 'a', 's', 'm', 'n', 'spice', 'vnc', 'r.lock', 'a.lock', 'log', 'keys.psk', 'room'];

/** Removes a dead machine's sockets, locks and log; the folder and its parent go when they are empty. */
export async function removeRuntimeFiles(folder: string): Promise<void> {
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
  await removeAbandonedDrafts(folder); // of locks, by a goqemu that was killed while it took its turn
  await removeEmpty(folder);
  await removeEmpty(dirname(folder));
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
