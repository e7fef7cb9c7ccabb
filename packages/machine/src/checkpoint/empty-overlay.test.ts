import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder, testQemu } from '../fixture/test-machine.ts';
import { createOverlay } from './disk-overlay.ts';
import { qcow2Size, writeEmptyOverlay } from './empty-overlay.ts';

const run = promisify(execFile);

test('an overlay is what qemu-img takes for one: whole, of the right size, above the right image', async (t) => {
  const folder = await temporaryFolder(t);
  const { imgPath = '' } = await testQemu();
  const base = join(folder, 'base.qcow2');
  await run(imgPath, ['create', '-q', '-f', 'qcow2', base, '3G']);
  for (const size of [3 * 2 ** 30, 10 * 2 ** 30 + 512, 2 ** 40]) {
    const path = join(folder, `overlay-${size}.qcow2`);
    await createOverlay(path, { qemuImg: imgPath, backing: base, size });
    await run(imgPath, ['check', '-q', path]);
    const info = JSON.parse((await run(imgPath, ['info', '--output=json', path])).stdout);
    assert.equal(info['virtual-size'], size);
    assert.equal(info['backing-filename'], base);
    assert.equal(info['backing-filename-format'], 'qcow2');
    assert.equal(await qcow2Size(path), size);
  }
});

test('an overlay is by default as large as what is below it', async (t) => {
  const folder = await temporaryFolder(t);
  const { imgPath = '' } = await testQemu();
  const base = join(folder, 'base.qcow2');
  await run(imgPath, ['create', '-q', '-f', 'qcow2', base, '5G']);
  await createOverlay(join(folder, 'overlay.qcow2'), { qemuImg: imgPath, backing: base });
  assert.equal(await qcow2Size(join(folder, 'overlay.qcow2')), 5 * 2 ** 30);
});

test('what is below may be raw, or of a size that takes qemu-img', async (t) => {
  const folder = await temporaryFolder(t);
  const { imgPath = '' } = await testQemu();
  const raw = join(folder, 'base.raw');
  await run(imgPath, ['create', '-q', '-f', 'raw', raw, '1G']);
  await createOverlay(join(folder, 'small.qcow2'), { qemuImg: imgPath, backing: raw, backingFormat: 'raw' });
  assert.equal(await qcow2Size(join(folder, 'small.qcow2')), 2 ** 30);
  const huge = { backing: raw, backingFormat: 'raw' as const, size: 8 * 2 ** 40 };
  assert.equal(await writeEmptyOverlay(join(folder, 'huge.qcow2'), huge), false);
  await createOverlay(join(folder, 'huge.qcow2'), { qemuImg: imgPath, ...huge });
  await run(imgPath, ['check', '-q', join(folder, 'huge.qcow2')]);
});

test('an overlay that is there is not written over', async (t) => {
  const folder = await temporaryFolder(t);
  const { imgPath = '' } = await testQemu();
  const base = join(folder, 'base.qcow2');
  await run(imgPath, ['create', '-q', '-f', 'qcow2', base, '1G']);
  await assert.rejects(createOverlay(base, { qemuImg: imgPath, backing: base }), { code: 'disk-create-failed' });
  assert.equal(await qcow2Size(base), 2 ** 30);
});
