import { statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, lengthPrefixedDigest, orAborted, readIfThere, writeOwnFile } from '@goqemu/core';
import type { ProbedBinary } from './probe-binary.ts';

/** Raised when what is probed changes, so that older caches are not read. */
const cacheVersion = 2;

/**
 * The probe of a binary, asked once for each path, modification time and size. A cache that cannot be read is
 * probed again; one that cannot be written costs the next caller its 70 ms and nothing else.
 */
export async function probeCached(
  path: string,
  cacheFolder: string | undefined,
  signal?: AbortSignal,
): Promise<ProbedBinary> {
  if (cacheFolder === undefined) return await probe(path, signal);
  const file = statSync(path);
  const key = { cacheVersion, path, modified: file.mtimeMs, size: file.size };
  const cacheFile = join(cacheFolder, 'qemu', `${lengthPrefixedDigest([path]).slice(0, 16)}.json`);
  const cached = readCache(cacheFile);
  if (cached && canonicalJson(cached.key) === canonicalJson(key)) return cached.probed;
  const asked = canonicalJson(key);
  const probing = underWay.get(asked) ?? begin(path, asked, cacheFile, key);
  return await orAborted(probing, signal);
}

/** Machines of one process that start at once ask one QEMU once: ten at a time may take longer than one may. */
const underWay = new Map<string, Promise<ProbedBinary>>();

/** No caller's signal ends it, since others wait for it too; it has a time-out of its own. */
function begin(path: string, asked: string, cacheFile: string, key: unknown): Promise<ProbedBinary> {
  const probing = probe(path, undefined).then(async (probed) => {
    await writeOwnFile(cacheFile, `${JSON.stringify({ key, probed })}\n`).catch(() => undefined); // a cache only
    return probed;
  });
  underWay.set(asked, probing);
  const forget = () => underWay.delete(asked);
  probing.then(forget, forget);
  return probing;
}

/** Starting QEMU to ask it is rare: its code is loaded when the cache has no answer. */
async function probe(path: string, signal: AbortSignal | undefined): Promise<ProbedBinary> {
  const { probeBinary } = await import('./probe-binary.ts');
  return probeBinary(path, signal);
}

function readCache(path: string): { key: unknown; probed: ProbedBinary } | undefined {
  try {
    const parsed = JSON.parse(readIfThere(path) ?? 'null') as { key?: unknown; probed?: ProbedBinary } | null;
    return parsed?.key && parsed.probed?.features ? { key: parsed.key, probed: parsed.probed } : undefined;
  } catch {
    return undefined; // none yet, or damaged: both are answered by probing
  }
}
