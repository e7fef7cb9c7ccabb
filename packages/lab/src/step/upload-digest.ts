import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { type LocalEntry, lengthPrefixedDigest, localTree } from '@goqemu/core';
import { isCrlfScript } from './crlf-lines.ts';

/** Identities of what an upload copies. */
export interface UploadDigest {
  /** Of names, types, permission bits, link targets and bytes; never of the modification time. */
  readonly content: string;
  /** The name that a file gets in a folder of the guest; undefined for a folder, whose contents are copied. */
  readonly fileName?: string;
  /** What version 1 of the step took for the content: of a source that is a symbolic link, the link alone. */
  readonly contentOfVersion1: string;
  /** Scripts in it whose lines end in CRLF, by their names below the source. */
  readonly crlf: readonly string[];
}

/** @throws what `localTree` throws, and the file system's own error when something cannot be read */
export async function uploadDigest(source: string): Promise<UploadDigest> {
  const entries = await localTree(source);
  const parts: string[] = [];
  const crlf: string[] = [];
  for (const entry of entries) parts.push(...(await partsOf(entry, crlf)));
  const content = lengthPrefixedDigest(parts);
  const isLink = (await lstat(source)).isSymbolicLink();
  return {
    content,
    ...(entries[0]?.kind === 'file' ? { fileName: basename(source) } : {}),
    contentOfVersion1: isLink ? lengthPrefixedDigest(['link', '', await readlink(source)]) : content,
    crlf,
  };
}

/** @param crlf is added to */
async function partsOf(entry: LocalEntry, crlf: string[]): Promise<readonly string[]> {
  if (entry.kind === 'link') return ['link', entry.name, entry.target];
  const mode = entry.mode.toString(8);
  if (entry.kind === 'folder') return ['folder', entry.name, mode];
  const { digest, beginning } = await readBytes(entry.path);
  const name = basename(entry.path);
  if (isCrlfScript(name, beginning)) crlf.push(entry.name || name);
  return ['file', entry.name, mode, digest];
}

async function readBytes(path: string): Promise<{ readonly digest: string; readonly beginning: string }> {
  const hash = createHash('sha256');
  let beginning: string | undefined;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    beginning ??= (chunk as Buffer).toString('latin1', 0, 512);
  }
  return { digest: hash.digest('hex'), beginning: beginning ?? '' };
}
