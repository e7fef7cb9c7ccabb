import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { systemErrorCode } from '../errors/internal-error.ts';
import { statIfThere } from './stat-if-there.ts';

/**
 * rename(2) of a file, also where a folder has its name: that one is moved aside with all that is in it, since it is not
 * goqemu's.
 */
export async function renameOver(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(systemErrorCode(error) ?? '')) throw error;
    if (!(await moveFolderAside(to))) throw error;
    await rename(from, to);
  }
}

/** Gives a folder that is where a file belongs another name beside it. Returns whether there was one. */
export async function moveFolderAside(path: string): Promise<boolean> {
  if (!(await statIfThere(path))?.isDirectory()) return false;
  await rename(path, `${path}.moved-aside-${randomBytes(4).toString('hex')}`);
  return true;
}
