import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AccessKeyStore } from './access-key-store.ts';
import { HostKeyStore } from './host-key-store.ts';
import { generateSshKeyPair } from './key-pair.ts';

test('a host key is kept beside the lab’s access keys, and goes with them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-host-keys-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const access = new AccessKeyStore(folder);
  const hosts = new HostKeyStore(folder);
  const { publicKey } = await access.loadOrCreate('lab');
  const pair = await generateSshKeyPair('root@web');
  assert.equal(await hosts.find('lab', 'i-1'), undefined);
  await hosts.keep('lab', 'i-1', pair);
  assert.deepEqual(await hosts.find('lab', 'i-1'), pair);
  assert.equal(await hosts.find('lab', 'i-2'), undefined);
  assert.equal((await access.loadOrCreate('lab')).publicKey, publicKey);
  await access.delete('lab');
  assert.equal(await hosts.find('lab', 'i-1'), undefined);
});

test('a host key is for its owner alone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-hosts-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await new HostKeyStore(folder).keep('lab', 'i-1', await generateSshKeyPair('root@web'));
  assert.equal((await stat(join(folder, 'lab', 'hosts', 'i-1'))).mode & 0o777, 0o600);
});
