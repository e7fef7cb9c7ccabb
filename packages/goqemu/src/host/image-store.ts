import { goqemuFolders } from '@goqemu/core';
import { ImageStore } from '@goqemu/image';
import type { CommandContext } from '../shell/command-context.ts';

/** The images of this host. */
export function openImageStore({ shell, logger }: CommandContext): ImageStore {
  return new ImageStore({ folders: goqemuFolders(shell.platform), platform: shell.platform, logger });
}
