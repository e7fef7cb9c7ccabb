import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { HostPlatform } from '@goqemu/core';

/** passt on the search path; undefined where it is not installed. */
export async function findPasst(platform: Pick<HostPlatform, 'env'>): Promise<string | undefined> {
  for (const folder of (platform.env.PATH ?? '').split(':').filter(isAbsolute)) {
    const path = join(folder, 'passt');
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}
