import { type Stats, statSync } from 'node:fs';
import { systemErrorCode } from '../errors/internal-error.ts';

/**
 * What is at this path; undefined when there is nothing. Any other trouble is thrown: it is no sign of absence. Looked at
 * at once, see `readIfThere`.
 */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
