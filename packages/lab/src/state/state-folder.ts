import { join } from 'node:path';
import { checkResourceName } from '@goqemu/core';

/** Where state, journal and lock of a lab's stack lie: `.goqemu/<lab>/<stack>` beside the lab. */
export function stateFolderOf(labFolder: string, lab: string, stack = 'default'): string {
  return join(labFolder, '.goqemu', checkResourceName(lab, 'the lab'), checkResourceName(stack, 'the stack'));
}
