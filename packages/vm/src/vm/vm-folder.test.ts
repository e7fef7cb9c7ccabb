import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HeldFiles } from '@goqemu/core/held-files';
import { VmFolder } from './vm-folder.ts';

test('the next disk has a number that no disk here has', async (t) => {
  const path = await mkdtemp(join(tmpdir(), 'goqemu-folder-'));
  t.after(() => rm(path, { recursive: true }));
  const folder = new VmFolder(path);
  assert.equal(await folder.nextDisk(), 'disk-1.qcow2');
  for (const name of ['disk-2.qcow2', 'disk-9.qcow2', 'disk-10.qcow2.tmp']) await writeFile(folder.file(name), '');
  assert.equal(await folder.nextDisk(), 'disk-10.qcow2');
  await folder.keepOnly({ disk: 'disk-9.qcow2' });
  assert.deepEqual(await folder.disks(), ['disk-9.qcow2']);
});

test('of UEFI variables and base states only those stay that the machine has', async (t) => {
  const path = await mkdtemp(join(tmpdir(), 'goqemu-folder-'));
  t.after(() => rm(path, { recursive: true }));
  const folder = new VmFolder(path);
  const names = ['base-1', 'base-2', 'disk-3.qcow2', 'uefi-variables.qcow2', 'variables-2.qcow2', 'variables-3.qcow2'];
  for (const name of names) await writeFile(folder.file(name), '');
  await folder.keepOnly({ disk: 'disk-3.qcow2' });
  assert.deepEqual((await readdir(path)).sort(), ['disk-3.qcow2', 'uefi-variables.qcow2']);
  for (const name of names) await writeFile(folder.file(name), '');
  await folder.keepOnly({ disk: 'disk-3.qcow2', variables: 'variables-3.qcow2', baseState: 'base-2' });
  assert.deepEqual((await readdir(path)).sort(), ['base-2', 'disk-3.qcow2', 'variables-3.qcow2']);
});

test('a folder that cannot be read is not taken for one without disks: their names would be given again', async () => {
  const folder = new VmFolder(join(tmpdir(), 'no\0name'));
  await assert.rejects(folder.nextDisk(), { code: 'ERR_INVALID_ARG_VALUE' });
  await assert.rejects(folder.keepOnly({ disk: 'disk-1.qcow2' }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('a disk that a running QEMU has open as the layer below keeps its name on Windows, until it is closed', async (t) => {
  const path = await mkdtemp(join(tmpdir(), 'goqemu-folder-'));
  t.after(() => rm(path, { recursive: true }));
  const folder = new VmFolder(path);
  for (const name of ['disk-1.qcow2', 'disk-2.qcow2', 'disk-3.qcow2']) await writeFile(folder.file(name), '');
  const files = new HeldFiles();
  files.hold(folder.file('disk-1.qcow2'));
  await folder.keepOnly({ disk: 'disk-3.qcow2' }, files);
  assert.deepEqual((await folder.disks()).slice().sort(), ['disk-1.qcow2', 'disk-3.qcow2']);
  assert.equal(files.slept, 0);
  files.release(folder.file('disk-1.qcow2'));
  await folder.keepOnly({ disk: 'disk-3.qcow2' }, files);
  assert.deepEqual(await folder.disks(), ['disk-3.qcow2']);
});
