import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { copyPath, GoqemuError, readOwnText } from '@goqemu/core';

/** The text of a key file, where it has one. */
export function keyIn(text: string): string | undefined {
  return /^[0-9a-f]{64}\n?$/.test(text) ? text : undefined;
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
      others.add((readOwnText(join(dirname(path), name)) ?? '').trim());
  const [own, ...more] = keys.filter((key) => !others.has(key.trim()));
  if (own !== undefined && more.length === 0) return own;
  throw new GoqemuError({
    code: 'secret-key-invalid',
    source: 'environment',
    subject: path,
    message: `the key of the state’s secrets and its copy differ: ${path} and ${copyPath(path)}`,
    hint: 'delete the one of the two that is not this lab’s; the other one is then used',
  });
}
