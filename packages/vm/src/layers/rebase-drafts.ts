import { randomBytes } from 'node:crypto';

import { join } from 'node:path';
import { folderNames, removeUnlessHeld } from '@goqemu/core';
import { isRunning } from './working-process.ts';

/** A name in a layer's folder for a disk that is being rewritten. */
export function rebaseDraft(): string {
  return `rebasing-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Removes those of processes that are gone; each takes as much as a disk does. */
export async function removeRebaseDrafts(folder: string): Promise<void> {
  for (const name of await folderNames(folder)) {
    const pid = /^rebasing-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await removeUnlessHeld(join(folder, name));
  }
}
