import { createHash } from 'node:crypto';
import { lstat, mkdir, stat } from 'node:fs/promises';
import {
  GoqemuError,
  type HostPlatform,
  makeFolders,
  makePrivateFolder,
  privateFolderHost,
  systemErrorCode,
} from '@goqemu/core';
import { pathOf } from '../find/usual-places.ts';

/** Bytes that a socket's path may have: sun_path is 104 on macOS and 108 on Linux, with a NUL at its end. */
const longestSocketPath = 103;

function isShortEnough(folder: string): boolean {
  return Buffer.byteLength(folder) + 2 <= longestSocketPath;
}

/**
 * Where a machine's sockets are unless its configuration says: below `$XDG_RUNTIME_DIR` (XDG Base Directory
 * Specification), else below the temporary folder, in a folder that carries the user's number. On macOS they are in the
 * user's Library, since temporary folders lose there what was not touched for three days; a home folder whose path is too
 * long for a socket leaves the temporary one. On Windows it holds the keys and the log, below `%LOCALAPPDATA%`.
 */
export function defaultRuntimeFolder(uuid: string, platform: HostPlatform): string {
  const path = pathOf(platform);
  const short = createHash('sha256').update(uuid).digest('hex').slice(0, 12);
  const { XDG_RUNTIME_DIR, LOCALAPPDATA } = platform.env;
  if (platform.system === 'win32') {
    return path.join(LOCALAPPDATA || platform.temporaryFolder, 'goqemu', 'run', short);
  }
  if (platform.system === 'darwin') {
    const kept = path.join(platform.homeFolder, 'Library', 'Application Support', 'goqemu', 'run', short);
    if (isShortEnough(kept)) return kept;
  }
  if (platform.system === 'linux' && XDG_RUNTIME_DIR && path.isAbsolute(XDG_RUNTIME_DIR)) {
    return path.join(XDG_RUNTIME_DIR, 'goqemu', short);
  }
  return path.join(platform.temporaryFolder, `goqemu-${platform.uid ?? 'user'}`, short);
}

/**
 * The default folder on this very host: an `$XDG_RUNTIME_DIR` that is not there or is another user's, as under sudo,
 * is passed over.
 */
export async function hostRuntimeFolder(uuid: string, platform: HostPlatform): Promise<string> {
  const { XDG_RUNTIME_DIR: xdg, ...env } = platform.env;
  const owner = xdg ? await stat(xdg).catch(() => undefined) : undefined;
  return defaultRuntimeFolder(uuid, owner?.uid === platform.uid ? platform : { ...platform, env });
}

/**
 * Makes the folder with access for its owner alone. In a folder that others may write to, another user could have
 * made it first: one that is not ours, or that others may enter, is refused.
 *
 * @throws GoqemuError `runtime-folder-unsafe`, `socket-path-too-long`
 */
export async function makeRuntimeFolder(folder: string, platform: HostPlatform): Promise<void> {
  if (platform.system !== 'win32' && !isShortEnough(folder)) {
    throw new GoqemuError({
      code: 'socket-path-too-long',
      source: 'user',
      subject: folder,
      message: `the folder for sockets has ${Buffer.byteLength(folder)} bytes; ${longestSocketPath - 2} is the most that a socket's path leaves`,
      hint: 'choose a shorter runtimeFolder',
    });
  }
  if (platform.uid === undefined) return await makePrivateFolder(folder, privateFolderHost(platform));
  const parent = pathOf(platform).dirname(folder);
  await makeBoth(parent, folder);
  await checkParent(parent, platform.uid);
  await checkOwn(folder, platform.uid);
}

/** A machine that ends takes the parent with it when that is empty, which may be just now. */
async function makeBoth(parent: string, folder: string, attempts = 5): Promise<void> {
  makeFolders(parent, { mode: 0o700 });
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' && attempts > 1) return await makeBoth(parent, folder, attempts - 1);
    if (code !== 'EEXIST') throw error;
  }
}

/** A user who owns the folder above, or may rename what is in it, can put another folder in the place of ours. */
async function checkParent(parent: string, uid: number): Promise<void> {
  const found = await stat(parent);
  const sticky = (found.mode & 0o1000) !== 0;
  const writable = (found.mode & 0o002) !== 0;
  if ((found.uid === uid || found.uid === 0) && (sticky || !writable)) return;
  throw unsafe(parent, found);
}

async function checkOwn(folder: string, uid: number): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return;
  throw unsafe(folder, found);
}

function unsafe(folder: string, found: { uid: number; mode: number }): GoqemuError {
  return new GoqemuError({
    code: 'runtime-folder-unsafe',
    source: 'environment',
    subject: folder,
    message: `${folder} is not a folder of this user's own (owner ${found.uid}, mode ${(found.mode & 0o7777).toString(8)})`,
    hint: 'remove it, or choose another runtimeFolder; it holds sockets that control the machine',
  });
}
