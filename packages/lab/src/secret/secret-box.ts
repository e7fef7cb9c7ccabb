import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { GoqemuError } from '@goqemu/core';

/**
 * Encrypts and fingerprints the secrets of one state. AES-256-GCM (NIST SP 800-38D) with a random 96-bit
 * nonce for each value; both keys come from the state's key through HKDF (RFC 5869).
 */
export class SecretBox {
  readonly #encryption: Uint8Array;
  readonly #fingerprint: Uint8Array;

  /** @param key 32 bytes */
  constructor(key: Uint8Array) {
    this.#encryption = new Uint8Array(hkdfSync('sha256', key, '', 'goqemu secrets', 32));
    this.#fingerprint = new Uint8Array(hkdfSync('sha256', key, '', 'goqemu fingerprints', 32));
  }

  encrypt(name: string, value: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#encryption, nonce).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** @throws GoqemuError `secret-unreadable` when it was encrypted under another key */
  decrypt(name: string, encrypted: string): string {
    const bytes = Buffer.from(encrypted, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#encryption, bytes.subarray(0, 12))
        .setAAD(Buffer.from(name))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new GoqemuError({
        code: 'secret-unreadable',
        source: 'environment',
        subject: name,
        message: `the secret value ${name} in the state cannot be read: it was encrypted with another key`,
        hint: 'put the state’s key file back, or destroy the lab and apply it again',
        cause: error,
      });
    }
  }

  /** Says whether two values are equal without telling them; RFC 2104 with SHA-256. */
  fingerprint(name: string, value: string): string {
    return createHmac('sha256', this.#fingerprint).update(`${name}\0${value}`).digest('hex');
  }
}
