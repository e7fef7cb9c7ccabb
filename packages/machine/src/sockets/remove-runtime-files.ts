import type { Stats } from 'node:fs';
import { lstat, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { folderNames, removeAbandonedDrafts, removeFile, systemErrorCode } from '@goqemu/core';
import { cardSocketNames, portFileOf, socketNames } from './machine-sockets.ts';

/** Every name that QEMU gives a socket in a runtime folder, and that goqemu and QEMU give a file. */
const sockets = new Set<string>([
  ...Object.values(socketNames),
  ...Object.values(cardSocketNames).flat(),
  'm',
  'spice',
  'vnc',
]);
const files = new Set([
  ...['r.lock', 'a.lock', 'w.lock', 'way', 'log', 'keys.psk', 'room'],
  ...cardSocketNames.lan.map(portFileOf),
]);

/**
 * Removes a dead machine's sockets, locks and log from a folder of goqemu's own; the folder goes when it is empty, and so
 * does the one above it when that is goqemu's too.
 */
export async function removeRuntimeFiles(folder: string): Promise<void> {
  const names = await folderNames(folder);
  const ours = await Promise.all(
    names.map(async (name) => {
      const found = sockets.has(name) || files.has(name) ? await lstatIfThere(join(folder, name)) : undefined;
      return (sockets.has(name) && found?.isSocket()) || (files.has(name) && found?.isFile()) ? [name] : [];
    }),
  );
  await Promise.all(ours.flat().map((name) => removeFile(join(folder, name)))); // QEMU removes its sockets when it ends by itself
  await removeAbandonedDrafts(folder); // of locks, by a goqemu that was killed while it took its turn
  await removeEmptyFolder(folder);
  const parent = dirname(folder);
  if (/^(?:goqemu|goqemu-.*|run)$/.test(basename(parent))) await removeEmptyFolder(parent);
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** Leaves a folder that holds something, or that is not ours to remove. */
export async function removeEmptyFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    // Another machine's folder is in it, it is not ours to remove, or it is gone already.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EPERM', 'EBUSY'].includes(code)) throw error;
  }
}
