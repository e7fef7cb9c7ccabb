import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { goqemuFolders, systemErrorCode } from '@goqemu/core';
import { type CachedImage, ImageStore } from '@goqemu/image';
import { backingChain } from '@goqemu/vm';
import type { CommandContext } from '../shell/command-context.ts';

/** The images of this host. */
export function openImageStore({ shell, logger }: CommandContext): ImageStore {
  return new ImageStore({ folders: goqemuFolders(shell.platform), platform: shell.platform, logger });
}

/** What lies over an image, as paths of disks and layers under goqemu's own folder: found by the disks themselves. */
export async function usersOfImage({ shell }: CommandContext, image: CachedImage): Promise<readonly string[]> {
  const { labs, snapshots } = goqemuFolders(shell.platform);
  const users: string[] = [];
  for (const folder of [labs, snapshots])
    for (const path of await qcow2Under(folder)) if ((await backingChain(path)).includes(image.path)) users.push(path);
  return users;
}

async function qcow2Under(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    // A folder that is there and cannot be read may hold what stands on the image.
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return entries.flatMap((entry) =>
    entry.isFile() && entry.name.endsWith('.qcow2') ? [join(entry.parentPath, entry.name)] : [],
  );
}
