import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemErrorCode } from '../errors/internal-error.ts';

/**
 * Makes a folder with those above it that are missing. Node 20's own `recursive` never returns where a file system takes
 * no new folders and says ENOENT, as /proc does; here the host's error is thrown.
 *
 * @param options.mode permission bits of each folder that is made, less those of the umask; 0o777 unless said otherwise
 * @returns the first folder that was made; undefined where all were there
 */
export function makeFolders(path: string, options: { readonly mode?: number } = {}): string | undefined {
  const folder = resolve(path);
  try {
    return makeOne(folder, options) ? folder : undefined;
  } catch (error) {
    const above = dirname(folder);
    if (systemErrorCode(error) !== 'ENOENT' || above === folder) throw error;
    const first = makeFolders(above, options);
    return makeOne(folder, options) ? (first ?? folder) : first;
  }
}

/** False where it is there, as when another process has just made it. */
function makeOne(folder: string, options: { readonly mode?: number }): boolean {
  try {
    mkdirSync(folder, options);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || !isFolder(folder)) throw error;
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // what mkdir said is what counts
  }
}
