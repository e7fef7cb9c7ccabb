import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { createVmHost, memoryFolders, standaloneFolder } from '@goqemu/vm';
import { removeEmptyFolders } from './remove-standalone.ts';

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

test('the folders of VMs without a lab go when they are empty, on the disk and in memory, and not before', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-empty-'));
  const host = createVmHost({ platform: { ...hostPlatform(), env: { GOQEMU_HOME: home } } });
  const { labs, snapshots } = memoryFolders(host);
  const own = dirname(labs);
  t.after(async () => {
    for (const folder of [home, own]) await rm(folder, { recursive: true, force: true });
  });
  for (const folder of [standaloneFolder(host), join(labs, 'standalone'), join(snapshots, 'groups')])
    await mkdir(folder, { recursive: true });
  const snapshot = join(snapshots, 'manifest.json');
  await writeFile(snapshot, '');
  await removeEmptyFolders(host);
  assert.deepEqual(await Promise.all([standaloneFolder(host), labs, snapshot].map(isThere)), [false, false, true]);
  await rm(snapshot);
  await removeEmptyFolders(host);
  assert.equal(await isThere(own), false);
  await removeEmptyFolders(host);
});
