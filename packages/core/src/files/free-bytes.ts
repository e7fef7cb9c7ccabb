import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors/internal-error.ts';

/** Bytes that are free for this user in a folder, or where it would be made. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    return freeBytes(dirname(folder));
  }
}
