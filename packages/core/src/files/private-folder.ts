import { posix, win32 } from 'node:path';
import { GoqemuError } from '../errors/goqemu-error.ts';
import { errorMessage } from '../errors/internal-error.ts';
import type { HostPlatform } from '../platform/host-platform.ts';
import { hostPlatform } from '../platform/this-host.ts';
import { run } from '../process/run-program.ts';
import { accessList } from './access-list.ts';
import { makeFolders } from './make-folders.ts';

/** What it takes; injected in tests. */
export interface PrivateFolderHost {
  readonly platform: Pick<HostPlatform, 'system' | 'env' | 'homeFolder' | 'temporaryFolder'>;
  readonly makeFolder: (path: string) => string | undefined;
  readonly run: typeof run;
}

/** This host's own ways, for a platform. */
export const privateFolderHost = (platform: PrivateFolderHost['platform']): PrivateFolderHost => ({
  platform,
  makeFolder: (path) => makeFolders(path, { mode: 0o700 }),
  run,
});

/**
 * Makes a folder, with those above it, that no other user may enter. Windows knows no mode of files: a folder below the
 * user's own profile is private by what it inherits, and for any other place, as GOQEMU_HOME may name, it is given an
 * access list of its own, which all that is made in it inherits: this user, the system and the administrators.
 *
 * @throws GoqemuError `folder-not-private` where the list cannot be set, as on FAT
 */
export async function makePrivateFolder(
  path: string,
  host: PrivateFolderHost = privateFolderHost(hostPlatform()),
): Promise<void> {
  const made = host.makeFolder(path);
  const { system, env, homeFolder, temporaryFolder } = host.platform;
  if (system !== 'win32' || made === undefined) return;
  if ([homeFolder, env.LOCALAPPDATA, temporaryFolder].some((own) => own && isBelow(made, own))) return;
  try {
    await host.run('icacls', [made, ...accessList(env)]);
  } catch (cause) {
    throw new GoqemuError({
      code: 'folder-not-private',
      source: 'environment',
      subject: made,
      message: `${made} cannot be kept from other users of this computer: it is to hold keys and the memory of machines`,
      detail: errorMessage(cause),
      hint: 'set GOQEMU_HOME to a folder on NTFS, or leave it out for one below your own profile',
      cause,
    });
  }
}

function isBelow(path: string, folder: string): boolean {
  const relative = (/^[a-z]:|^\\/i.test(folder) ? win32 : posix).relative(folder, path);
  return !relative.startsWith('..') && !/^[a-z]:|^\\/i.test(relative);
}
