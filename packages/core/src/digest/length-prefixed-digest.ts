import { createHash } from 'node:crypto';

/**
 * SHA-256 (FIPS 180-4) over parts, each preceded by its length in bytes as 8 bytes big-endian,
 * so that no two different lists of parts can give the same input. Lower-case hex.
 */
export function lengthPrefixedDigest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  const length = Buffer.alloc(8);
  for (const part of parts) {
    const size = typeof part === 'string' ? Buffer.byteLength(part) : part.length;
    length.writeUInt32BE(Math.floor(size / 2 ** 32), 0);
    length.writeUInt32BE(size % 2 ** 32, 4);
    hash.update(length).update(part);
  }
  return hash.digest('hex');
}
