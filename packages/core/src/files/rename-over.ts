import { randomBytes } from 'node:crypto';
import { systemErrorCode } from '../errors/internal-error.ts';
import { type FileOperations, hostFileOperations } from './file-operations.ts';
import { isHeldError, replaceFile } from './remove-and-replace.ts';
import { statIfThere } from './stat-if-there.ts';

/**
 * rename(2) of a file, also where a folder has its name: that one is moved aside with all that is in it, since it is not
 * goqemu's.
 */
export async function renameOver(from: string, to: string, files: FileOperations = hostFileOperations): Promise<void> {
  try {
    await files.rename(from, to);
  } catch (error) {
    if (!['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES', 'EBUSY'].includes(systemErrorCode(error) ?? ''))
      throw error;
    if (!(await moveFolderAside(to, files)) && !isHeldError(error, files.system)) throw error;
    await replaceFile(from, to, files);
  }
}

/** Gives a folder that is where a file belongs another name beside it. Returns whether there was one. */
export async function moveFolderAside(path: string, files: FileOperations = hostFileOperations): Promise<boolean> {
  if (!(await statIfThere(path))?.isDirectory()) return false;
  await replaceFile(path, `${path}.moved-aside-${randomBytes(4).toString('hex')}`, files);
  return true;
}
