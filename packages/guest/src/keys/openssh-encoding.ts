import { randomBytes } from 'node:crypto';

/** A string of RFC 4251 §5: its length as 32 bits big-endian, then its bytes. */
function sshString(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The public key blob of RFC 8709 §4. */
export function ed25519PublicBlob(publicKey: Uint8Array): Buffer {
  return Buffer.concat([sshString('ssh-ed25519'), sshString(publicKey)]);
}

/**
 * The unencrypted `openssh-key-v1` container, as OpenSSH's PROTOCOL.key describes it.
 *
 * @param seed the 32 secret bytes of RFC 8032 §5.1.5
 */
export function ed25519PrivateFile(seed: Uint8Array, publicKey: Uint8Array, comment: string): string {
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    ed25519PublicBlob(publicKey),
    sshString(Buffer.concat([seed, publicKey])),
    sshString(comment),
  ]);
  const blockSize = 8; // of the cipher "none"
  const padding = Buffer.from(
    Array.from({ length: (blockSize - (secret.length % blockSize)) % blockSize }, (_, i) => i + 1),
  );
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    sshString('none'), // cipher
    sshString('none'), // key derivation
    sshString(''), // its options
    uint32(1), // number of keys
    sshString(ed25519PublicBlob(publicKey)),
    sshString(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').replace(/.{70}/g, '$&\n').trimEnd();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/**
 * The public half and the comment of a file that `ed25519PrivateFile` wrote; undefined for any other text: one that was cut
 * short fails the check that the container is made for.
 */
export function readEd25519PrivateFile(text: string): { readonly blob: Buffer; readonly comment: string } | undefined {
  const base64 = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)-----END OPENSSH PRIVATE KEY-----\n?$/.exec(
    text,
  )?.[1];
  if (base64 === undefined) return undefined;
  const file = Buffer.from(base64, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const next = (bytes: Buffer): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32BE(at);
    const end = at + 4 + length;
    if (end > bytes.length) return undefined;
    const content = bytes.subarray(at + 4, end);
    at = end;
    return content;
  };
  for (let field = 0; field < 3; field++) if (!next(file)) return undefined; // cipher, key derivation, its options
  at += 4; // number of keys
  const blob = next(file);
  const secret = next(file);
  if (!blob || !secret || secret.length < 8 || secret.readUInt32BE(0) !== secret.readUInt32BE(4)) return undefined;
  at = 8;
  const type = next(secret);
  const publicKey = next(secret);
  const privateKey = next(secret);
  const comment = next(secret);
  if (!type || !publicKey || !privateKey || !comment) return undefined;
  if (!ed25519PublicBlob(publicKey).equals(blob)) return undefined;
  return { blob: Buffer.from(blob), comment: comment.toString('utf8') };
}
