import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTinyGuest } from 'goqemu/testing';

const cacheFolder = join(fileURLToPath(new URL('../..', import.meta.url)), '.cache/tiny-guest');

/** Path of the tiny guest's image, built once for all runs. */
export async function tinyImage(): Promise<string> {
  await mkdir(cacheFolder, { recursive: true });
  return (await ensureTinyGuest({ cacheFolder })).path;
}
