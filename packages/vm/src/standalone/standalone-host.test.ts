import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '../vm/create-vm-host.ts';
import { lineageOf, standalonePlace } from './standalone-host.ts';
import { readRecord, recordPath, standaloneNames } from './standalone-record.ts';

const host = (system: 'linux' | 'darwin' | 'win32', home = '/home/me/qemu') =>
  createVmHost({ platform: { ...hostPlatform(), system, env: { GOQEMU_HOME: home } } });

test('a VM without a lab lies where the collection of layers sees its disks', async () => {
  const place = await standalonePlace(host('linux'), 'web', 'disk');
  assert.deepEqual(place.scope, { lineage: lineageOf('web'), labFolder: join('/home/me/qemu', 'labs', 'standalone') });
  assert.equal(place.labsFolder, join('/home/me/qemu', 'labs'));
  assert.match(lineageOf('web'), /^[0-9a-f]{12}$/);
  assert.notEqual(lineageOf('web'), lineageOf('web-1'));
});

test('snapshots in memory are refused where the host has no RAM file system', async () => {
  for (const system of ['darwin', 'win32'] as const)
    await assert.rejects(standalonePlace(host(system), 'web', 'memory'), { code: 'no-ram-file-system' });
});

test('a record that describes no VM is an error, and one that is not there is none', async () => {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-record-'));
  try {
    const one = host('linux', home);
    assert.equal(await readRecord(one, 'web'), undefined);
    assert.deepEqual(await standaloneNames(one), []);
    await mkdir(join(home, 'labs/standalone'), { recursive: true });
    await writeFile(recordPath(one, 'web'), '{"version":1}');
    await assert.rejects(readRecord(one, 'web'), { code: 'vm-record-invalid' });
    assert.deepEqual(await standaloneNames(one), ['web']);
  } finally {
    await rm(home, { recursive: true });
  }
});
