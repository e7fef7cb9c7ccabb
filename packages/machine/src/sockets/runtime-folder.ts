import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { GoqemuError, type HostPlatform, systemErrorCode } from '@goqemu/core';
import { pathOf } from '../find/usual-places.ts';

/** Bytes that a socket's path may have: sun_path is 104 on macOS and 108 on Linux, with a NUL at its end. */
const longestSocketPath = 103;

/**
 * Where a machine's sockets are unless its configuration says: below `$XDG_RUNTIME_DIR` (XDG Base Directory
 * Specification), else below the temporary folder, in a folder that carries the user's number. On Windows it holds
 * the keys and the log, below `%LOCALAPPDATA%`.
 */
export function defaultRuntimeFolder(uuid: string, platform: HostPlatform): string {
  const path = pathOf(platform);
  const short = createHash('sha256').update(uuid).digest('hex').slice(0, 12);
  const { XDG_RUNTIME_DIR, LOCALAPPDATA } = platform.env;
  if (platform.system === 'win32') {
    return path.join(LOCALAPPDATA || platform.temporaryFolder, 'goqemu', 'run', short);
  }
  if (platform.system === 'linux' && XDG_RUNTIME_DIR && path.isAbsolute(XDG_RUNTIME_DIR)) {
    return path.join(XDG_RUNTIME_DIR, 'goqemu', short);
  }
  return path.join(platform.temporaryFolder, `goqemu-${platform.uid ?? 'user'}`, short);
}

/**
 * Makes the folder with access for its owner alone. In a folder that others may write to, somebody else could have
 * made it first: one that is not ours, or that others may enter, is refused.
 *
 * @throws GoqemuError `runtime-folder-unsafe`, `socket-path-too-long`
 */
export async function makeRuntimeFolder(folder: string, platform: HostPlatform): Promise<void> {
  if (platform.system !== 'win32' && Buffer.byteLength(folder) + 2 > longestSocketPath) {
    throw new GoqemuError({
      code: 'socket-path-too-long',
      source: 'user',
      subject: folder,
      message: `the folder for sockets has ${Buffer.byteLength(folder)} bytes; ${longestSocketPath - 2} is the most that a socket's path leaves`,
      hint: 'choose a shorter runtimeFolder',
    });
  }
  const path = pathOf(platform);
  // The parent is checked as well: whoever owns it can replace the folder.
  for (const each of [path.dirname(folder), folder]) await makePrivate(each, each === folder, platform);
}

async function makePrivate(folder: string, isLast: boolean, platform: HostPlatform): Promise<void> {
  const made = await mkdir(folder, { recursive: !isLast, mode: 0o700 }).then(
    (first) => isLast || first !== undefined,
    (error: unknown) => {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw error;
    },
  );
  if (made || platform.uid === undefined) return;
  const found = await lstat(folder);
  const shared = isLast ? 0o077 : 0;
  const ours = found.isDirectory() && (found.mode & shared) === 0 && (found.uid === platform.uid || !isLast);
  if (ours && (isLast || found.uid === platform.uid || found.uid === 0)) return;
  throw new GoqemuError({
    code: 'runtime-folder-unsafe',
    source: 'environment',
    subject: folder,
    message: `${folder} is not a folder of this user's own (owner ${found.uid}, mode ${(found.mode & 0o7777).toString(8)})`,
    hint: 'remove it, or choose another runtimeFolder; it holds sockets that control the machine',
  });
}
