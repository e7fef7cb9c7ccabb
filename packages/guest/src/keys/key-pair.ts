import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { GoqemuError } from '@goqemu/core';
import { ed25519PrivateFile, ed25519PublicBlob } from './openssh-encoding.ts';

const generate = promisify(generateKeyPair);

/** A pair in OpenSSH's formats: for logging in, or for a host to prove itself. */
export interface SshKeyPair {
  /** `openssh-key-v1`, unencrypted, ends with a newline. */
  readonly privateKey: string;
  /** One line without its newline: `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
}

/**
 * A new Ed25519 pair (RFC 8709).
 *
 * @param comment ends the public key's line; letters, digits and `@._-` (others become `-`)
 */
export async function generateSshKeyPair(comment = 'goqemu'): Promise<SshKeyPair> {
  const pair = await generate('ed25519');
  // The last 32 bytes of these DER structures are the key itself (RFC 8410 §4 and §7).
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const seed = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const safeComment = comment.replace(/[^A-Za-z0-9@._-]/g, '-');
  return {
    privateKey: ed25519PrivateFile(seed, publicKey, safeComment),
    publicKey: `ssh-ed25519 ${ed25519PublicBlob(publicKey).toString('base64')} ${safeComment}`,
  };
}

/** Type and bytes of a public key's line. */
export interface PublicKeyParts {
  readonly type: string;
  readonly blob: Buffer;
}

/** @throws GoqemuError `public-key-invalid` when the line is not `TYPE BASE64 [COMMENT]` with a blob of that type */
export function parsePublicKey(line: string): PublicKeyParts {
  const [type, base64] = line.trim().split(/\s+/);
  if (type && base64 && /^[A-Za-z0-9+/]+=*$/.test(base64)) {
    const blob = Buffer.from(base64, 'base64');
    const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
    if (blob.subarray(4, 4 + length).toString('latin1') === type) return { type, blob };
  }
  throw new GoqemuError({
    code: 'public-key-invalid',
    source: 'user',
    message: 'not a public key in the format of OpenSSH',
    detail: `expected "ssh-ed25519 AAAA… comment", got ${JSON.stringify(line.slice(0, 80))}`,
    hint: 'take the line of a file that ssh-keygen wrote with the ending .pub',
  });
}

/** A public key's fingerprint as OpenSSH shows it: `SHA256:` and unpadded base64. */
export function keyFingerprint(publicKey: string | Uint8Array): string {
  const blob = typeof publicKey === 'string' ? parsePublicKey(publicKey).blob : publicKey;
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
