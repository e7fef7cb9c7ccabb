import { readdirSync } from 'node:fs';
import { systemErrorCode } from '../errors/internal-error.ts';

/**
 * The names in a folder; none when there is no such folder. Any other trouble is thrown: who decides by what is there
 * what may be deleted must not take a folder that cannot be read for an empty one. Read at once, see `readIfThere`.
 */
export async function folderNames(folder: string): Promise<string[]> {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}
