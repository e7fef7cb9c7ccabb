import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { lengthPrefixedDigest } from '@goqemu/core';

/**
 * What uploading a path would bring into a guest: names, types, permission bits, link targets and bytes,
 * never the modification time.
 *
 * @throws the file system's own error when something cannot be read
 */
export async function pathDigest(path: string): Promise<string> {
  return lengthPrefixedDigest(await entryParts(path, ''));
}

async function entryParts(path: string, name: string): Promise<string[]> {
  const stats = await lstat(path);
  // Windows has no permission bits to speak of: those that Node makes up would differ from a colleague's.
  const mode = process.platform === 'win32' ? '-' : (stats.mode & 0o7777).toString(8);
  if (stats.isSymbolicLink()) return ['link', name, await readlink(path)];
  if (stats.isFile()) return ['file', name, mode, await contentDigest(path)];
  if (!stats.isDirectory()) return ['other', name, mode];
  const parts = ['folder', name, mode];
  for (const child of (await readdir(path)).sort()) {
    parts.push(...(await entryParts(join(path, child), name === '' ? child : `${name}/${child}`)));
  }
  return parts;
}

async function contentDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
