import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import { generateSshKeyPair, keyFingerprint, parsePublicKey } from './key-pair.ts';

test('a generated pair is one that an SSH library reads, signs with and verifies', async () => {
  const pair = await generateSshKeyPair('someone@host');
  const key = ssh2.utils.parseKey(pair.privateKey);
  assert.ok(!(key instanceof Error));
  assert.equal(key.type, 'ssh-ed25519');
  assert.equal(key.comment, 'someone@host');
  const publicKey = ssh2.utils.parseKey(pair.publicKey);
  assert.ok(!(publicKey instanceof Error));
  assert.equal(publicKey.verify('text', key.sign('text')), true);
});

test('no two pairs are alike', async () => {
  const [a, b] = await Promise.all([generateSshKeyPair(), generateSshKeyPair()]);
  assert.notEqual(a.publicKey, b.publicKey);
});

test('a comment cannot break the line of a public key', async () => {
  const { publicKey } = await generateSshKeyPair('two words\nssh-ed25519 AAAA');
  assert.match(publicKey, /^ssh-ed25519 [A-Za-z0-9+/]+=* two-words-ssh-ed25519-AAAA$/);
});

test('a fingerprint is the unpadded base64 of the SHA-256 of the blob', async () => {
  const { publicKey } = await generateSshKeyPair();
  const digest = createHash('sha256').update(parsePublicKey(publicKey).blob).digest('base64');
  assert.equal(keyFingerprint(publicKey), `SHA256:${digest.replace('=', '')}`);
});

test('what is not a public key is refused', () => {
  for (const line of ['', 'ssh-ed25519', 'ssh-ed25519 ???', 'ssh-ed25519 AAAA', 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA'])
    assert.throws(() => parsePublicKey(line), { code: 'public-key-invalid' }, line);
});
