import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '../vm/create-vm-host.ts';
import { imageUsers } from './image-users.ts';

async function hostIn(t: TestContext, below = '') {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-users-'));
  t.after(() => rm(folder, { recursive: true }));
  const platform = hostPlatform();
  return createVmHost({ platform: { ...platform, env: { ...platform.env, GOQEMU_HOME: join(folder, below) } } });
}

/** The header of a qcow2 image with a backing file: the magic, and where the name is and how long. */
function overlayOf(backing: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('QFI\xfb', 'latin1');
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(128n, 8);
  header.writeUInt32BE(Buffer.byteLength(backing), 16);
  header.writeUInt32BE(16, 20);
  header.write(backing, 128);
  return header;
}

test('the users of an image are the machines of labs and the VMs without one whose disks begin in it', async (t) => {
  const host = await hostIn(t);
  const image = { path: join(host.folders.images, 'debian.qcow2') };
  const disks = { 'web-123456789abc/web': image.path, 'standalone/mine': image.path, 'standalone/other': '/elsewhere' };
  for (const [machine, backing] of Object.entries(disks)) {
    await mkdir(join(host.folders.labs, machine), { recursive: true });
    await writeFile(join(host.folders.labs, machine, 'disk-1.qcow2'), overlayOf(backing));
  }
  assert.deepEqual([...(await imageUsers(host, image))].sort(), [
    'VM "mine"',
    'machine "web" of lab "web-123456789abc"',
  ]);
});

test('folders that are not there hold no users, and those that cannot be read are not taken for empty', async (t) => {
  assert.deepEqual(await imageUsers(await hostIn(t), { path: '/image' }), []);
  const unreadable = await hostIn(t, 'no\0name');
  await assert.rejects(imageUsers(unreadable, { path: '/image' }), { code: 'ERR_INVALID_ARG_VALUE' });
});
