import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** `sha256:` and the digest of a file's content. */
export async function fileDigest(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, ...(signal ? { signal } : {}) }))
    hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
