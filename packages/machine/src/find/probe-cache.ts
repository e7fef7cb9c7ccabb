import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, lengthPrefixedDigest, writeFileAtomic } from '@goqemu/core';
import type { ProbedBinary } from './probe-binary.ts';

/** Raised when what is probed changes, so that older caches are not read. */
const cacheVersion = 2;

/**
 * The probe of a binary, asked once for each path, modification time and size. A cache that cannot be read is
 * probed anew; one that cannot be written costs the next caller its 70 ms and nothing else.
 */
export async function probeCached(
  path: string,
  cacheFolder: string | undefined,
  signal?: AbortSignal,
): Promise<ProbedBinary> {
  if (cacheFolder === undefined) return await probe(path, signal);
  const file = await stat(path);
  const key = { cacheVersion, path, modified: file.mtimeMs, size: file.size };
  const cacheFile = join(cacheFolder, 'qemu', `${lengthPrefixedDigest([path]).slice(0, 16)}.json`);
  const cached = await readCache(cacheFile);
  if (cached && canonicalJson(cached.key) === canonicalJson(key)) return cached.probed;
  const probed = await probe(path, signal);
  await writeFileAtomic(cacheFile, `${JSON.stringify({ key, probed })}\n`).catch(() => undefined); // a cache only
  return probed;
}

/** Starting QEMU to ask it is rare: its code is loaded when the cache has no answer. */
async function probe(path: string, signal: AbortSignal | undefined): Promise<ProbedBinary> {
  const { probeBinary } = await import('./probe-binary.ts');
  return probeBinary(path, signal);
}

async function readCache(path: string): Promise<{ key: unknown; probed: ProbedBinary } | undefined> {
  try {
    const parsed = JSON.parse(await readFile(path, 'utf8')) as { key?: unknown; probed?: ProbedBinary };
    return parsed.key && parsed.probed?.features ? { key: parsed.key, probed: parsed.probed } : undefined;
  } catch {
    return undefined; // none yet, or damaged: both are answered by probing
  }
}
