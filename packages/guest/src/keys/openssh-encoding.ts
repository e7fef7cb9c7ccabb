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
