import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HeldFiles } from '@goqemu/core/held-files';
import { claimVmFolder, removeDeletedFolders, removeVmFolder } from './deleted-folders.ts';

async function machine(t: TestContext) {
  const labs = await mkdtemp(join(tmpdir(), 'goqemu-labs-'));
  t.after(() => rm(labs, { recursive: true, force: true }));
  const lab = join(labs, 'web-0123456789ab');
  const folder = join(lab, 'web');
  await mkdir(folder, { recursive: true });
  const disk = join(folder, 'disk-1.qcow2');
  for (const path of [disk, join(folder, 'vm.json')]) await writeFile(path, '');
  const files = new HeldFiles();
  files.hold(disk);
  return { labs, lab, folder, disk, files };
}

test('the disk of a machine that is gone, which another machine has open, is removed when that has closed it', async (t) => {
  const { labs, lab, folder, disk, files } = await machine(t);
  await removeVmFolder(folder, files);
  assert.ok(existsSync(disk) && !existsSync(join(folder, 'vm.json')), 'not the disk alone is left');
  await removeDeletedFolders(labs, files);
  assert.ok(existsSync(disk), 'the disk is gone while it is open');
  files.release(disk);
  await removeDeletedFolders(labs, files);
  assert.ok(!existsSync(lab), 'the folder of the lab is still there');
});

test('a QEMU that takes a moment to close its files when it is ended leaves nothing', async (t) => {
  const { folder, disk, files } = await machine(t);
  files.onSleep = (slept) => slept > 200 && files.release(disk);
  await removeVmFolder(folder, files);
  assert.ok(!existsSync(folder), 'the folder is still there');
});

test('a machine that is made again in such a folder is left alone', async (t) => {
  const { labs, folder, disk, files } = await machine(t);
  await removeVmFolder(folder, files);
  await claimVmFolder(folder);
  await writeFile(join(folder, 'disk-2.qcow2'), '');
  files.release(disk);
  await removeDeletedFolders(labs, files);
  assert.deepEqual((await readdir(folder)).sort(), ['disk-1.qcow2', 'disk-2.qcow2']);
});
