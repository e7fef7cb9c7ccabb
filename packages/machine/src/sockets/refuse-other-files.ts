import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderNames, GoqemuError } from '@goqemu/core';
import { cardSocketNames, socketNames } from './machine-sockets.ts';

/**
 * QEMU removes whatever lies at the path of a socket that it is about to make: a file of another program's would be gone.
 *
 * @throws GoqemuError `runtime-folder-taken`
 */
export async function refuseOtherFiles(runtimeFolder: string): Promise<void> {
  const names = new Set<string>([...Object.values(socketNames), ...Object.values(cardSocketNames).flat()]);
  for (const name of await folderNames(runtimeFolder)) {
    if (!names.has(name) || (await lstat(join(runtimeFolder, name))).isSocket()) continue;
    throw new GoqemuError({
      code: 'runtime-folder-taken',
      source: 'user',
      subject: runtimeFolder,
      message: `${join(runtimeFolder, name)} is not a socket of goqemu's, and QEMU would replace it by one`,
      hint: 'choose a new or empty folder as runtimeFolder',
    });
  }
}
