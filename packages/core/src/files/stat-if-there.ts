import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { systemErrorCode } from '../errors/internal-error.ts';

/** What is at this path; undefined when there is nothing. Any other trouble is thrown: it is no sign of absence. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
