import assert from 'node:assert/strict';
import { link, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { HeldFiles } from '@goqemu/core/held-files';
import { parseMachineConfig } from '../configuration/machine-config.ts';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { refuseHeldDisks } from './refuse-held-disks.ts';

test('on Windows a disk that a QEMU has open by any name starts no second one; a read-only one may be shared', async (t) => {
  const folder = await temporaryFolder(t);
  const [disk, other] = [join(folder, 'disk.qcow2'), join(folder, 'layer.qcow2')];
  await writeFile(disk, 'content');
  await link(disk, other);
  const files = new HeldFiles();
  const on = (drive: object) => parseMachineConfig({ name: 'web', drives: [{ source: other, ...drive }] });
  await refuseHeldDisks(on({}), files);
  files.hold(disk);
  await assert.rejects(refuseHeldDisks(on({}), files), { code: 'image-locked', subject: 'web' });
  assert.ok(files.slept >= 2000, 'a scanner is waited for');
  await refuseHeldDisks(on({ readOnly: true }), files);
  files.release(disk);
  await refuseHeldDisks(on({}), files);
  assert.equal(await readFile(other, 'utf8'), 'content');
});
