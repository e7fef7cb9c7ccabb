import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { copyPath, GoqemuError, readOwnText } from '@goqemu/core';

/**
 * The key in the text of a key file, as hex and a line's end; undefined where the text is no key's. The sign behind it
 * tells a damaged key from another one; files of before have none.
 */
export function keyIn(text: string): string | undefined {
  const [, key, sign] = /^([0-9a-f]{64})(?: ([0-9a-f]{8}))?\n?$/.exec(text) ?? [];
  return key === undefined || (sign !== undefined && sign !== signOf(key)) ? undefined : `${key}\n`;
}

/** The text of the file of a key. */
export function keyFile(key: string): string {
  return `${key.trim()} ${signOf(key.trim())}\n`;
}

function signOf(key: string): string {
  return createHash('sha256').update(`goqemu state key ${key}`).digest('hex').slice(0, 8);
}

/**
 * Of two keys where there should be one twice, the one that is no other lab's: a file was replaced. Neither is written
 * over, since what the right one has encrypted cannot be read without it.
 *
 * @throws GoqemuError `secret-key-invalid` where that does not tell them apart
 */
export async function ownKey(path: string, keys: readonly [string, string]): Promise<string> {
  const others = new Set<string>();
  for (const name of await readdir(dirname(path)))
    if (/^[0-9a-f]{12}\.state-key$/.test(name) && name !== basename(path))
      others.add(keyIn(readOwnText(join(dirname(path), name)) ?? '') ?? '');
  const [own, ...more] = keys.filter((key) => !others.has(key));
  if (own !== undefined && more.length === 0) return own;
  throw new GoqemuError({
    code: 'secret-key-invalid',
    source: 'environment',
    subject: path,
    message: `the key of the state’s secrets and its copy differ: ${path} and ${copyPath(path)}`,
    hint: 'delete the one of the two that is not this lab’s; the other one is then used',
  });
}
