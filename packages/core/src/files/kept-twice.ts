import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type AtomicWriteOptions, writeOwnFile } from './atomic-write.ts';
import { hostFileOperations } from './file-operations.ts';
import { readOwnFile } from './read-own-file.ts';
import { removeTree } from './remove-and-replace.ts';
import { renameOver } from './rename-over.ts';

/** What a file that is kept twice says. */
export interface KeptTwice<T> {
  /** Absent where neither of the two can be read. */
  readonly value?: T;
  /** What is wrong with the file, and that the value is the copy's where there is one. */
  readonly damage?: string;
}

/** Where the second of the two is. */
export function copyPath(path: string): string {
  return `${path}.copy`;
}

/**
 * Replaces a small file that nothing else could tell again, and a copy beside it: the damage of one file then costs
 * nothing. The file is what counts. The copy follows it and is not synced: it is read only where the file is damaged, and
 * one that cannot be written is removed, since an old one would say something else.
 */
export async function writeTwice(path: string, text: string, options: AtomicWriteOptions = {}): Promise<void> {
  await writeOwnFile(path, text, options);
  await writeCopy(path, text, options);
}

/** The second of the two alone. */
export async function writeCopy(path: string, text: string, options: AtomicWriteOptions = {}): Promise<void> {
  const { mode = 0o644, files = hostFileOperations } = options;
  const draft = `${copyPath(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, text, { mode, flag: 'wx' });
    await renameOver(draft, copyPath(path), files);
  } catch {
    for (const name of [draft, copyPath(path)]) await removeTree(name, files);
  }
}

/**
 * Reads what `writeTwice` wrote: undefined when there is none.
 *
 * @param parse returns undefined for text that the file cannot have had
 */
export function readTwice<T>(path: string, parse: (text: string) => T | undefined): KeptTwice<T> | undefined {
  const file = readOwnFile(path);
  const value = file && 'text' in file ? parse(file.text) : undefined;
  if (value !== undefined) return { value };
  const copy = readOwnFile(copyPath(path));
  const copied = copy && 'text' in copy ? parse(copy.text) : undefined;
  if (!file && copied === undefined) return undefined;
  const damage = `${path} is damaged: ${reasonOf(file)}`;
  return copied === undefined ? { damage } : { value: copied, damage };
}

/** Removes both, the copy first: without the file it would count. */
export async function removeTwice(path: string): Promise<void> {
  for (const name of [copyPath(path), path]) await removeTree(name);
}

function reasonOf(file: ReturnType<typeof readOwnFile>): string {
  if (!file) return 'it is missing';
  if ('damage' in file) return file.damage;
  return file.text === '' ? 'it is empty' : 'it does not hold what goqemu wrote';
}
