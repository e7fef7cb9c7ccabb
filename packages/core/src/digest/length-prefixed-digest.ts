import { createHash } from 'node:crypto';

/**
 * SHA-256 (FIPS 180-4) over parts, each preceded by its length in bytes as 8 bytes big-endian,
 * so that no two different lists of parts can give the same input. Lower-case hex.
 */
export function lengthPrefixedDigest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}
