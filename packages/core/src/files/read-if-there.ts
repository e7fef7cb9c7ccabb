import { readFileSync } from 'node:fs';
import { withPath } from '../errors/host-error.ts';
import { systemErrorCode } from '../errors/internal-error.ts';

/**
 * A small file of this host; undefined when there is none. It is read at once: a turn through Node.js' pool of threads
 * takes ten times as long as the read, and a look at a lab reads several for each machine. Any trouble but absence is
 * thrown.
 */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw withPath(error, path);
  }
}
