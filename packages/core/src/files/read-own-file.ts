import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../errors/internal-error.ts';

/** A file of goqemu's own: its text, or why it has none. */
export type OwnFile = { readonly text: string } | { readonly damage: string; readonly cause: unknown };

/**
 * A small file that goqemu writes for itself; undefined when there is none. One that cannot be read, such as a folder in
 * its place or a sector that is gone, is damaged like one with the wrong content: the caller, who knows
 * its content, decides what that costs. Read at once, see `readIfThere`.
 */
export function readOwnFile(path: string): OwnFile | undefined {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === undefined) throw error;
    return { damage: code === 'EISDIR' ? 'a folder is in its place' : `it cannot be read (${code})`, cause: error };
  }
}

/** The text of such a file; undefined when it is damaged, too. */
export function readOwnText(path: string): string | undefined {
  const file = readOwnFile(path);
  return file && 'text' in file ? file.text : undefined;
}
