import { accessSync, constants, existsSync } from 'node:fs';
import type { HostPlatform } from '@goqemu/core';
import { pathOf } from './usual-places.ts';

/** The first of the folders that has a program of this name; the name is without `.exe`. */
export async function firstExecutable(
  name: string,
  folders: readonly string[],
  platform: HostPlatform,
): Promise<string | undefined> {
  const file = platform.system === 'win32' ? `${name}.exe` : name;
  for (const folder of folders) {
    const candidate = pathOf(platform).join(folder, file);
    if (await isExecutable(candidate, platform)) return candidate;
  }
  return undefined;
}

export async function isExecutable(path: string, platform: HostPlatform): Promise<boolean> {
  if (!existsSync(path)) return false; // most places: an error for each would cost more than the look
  try {
    accessSync(path, platform.system === 'win32' ? constants.F_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
