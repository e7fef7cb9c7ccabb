import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { hasErrorCode, isGoqemuError } from '@goqemu/core';
import { smallQcow2 } from './fixture/small-qcow2.ts';
import { inspectImage } from './inspect-image.ts';

const run = promisify(execFile);

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-format-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function refusal(t: TestContext, content: Uint8Array): Promise<string> {
  const path = join(await folderFor(t), 'disk');
  await writeFile(path, content);
  try {
    await inspectImage(path);
    return 'accepted';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
}

const changed = (change: (header: Buffer) => void) => {
  const image = smallQcow2();
  change(image);
  return image;
};
const padded = (text: string, offset = 0, length = 1024) => {
  const content = Buffer.alloc(length);
  content.write(text, offset, 'latin1');
  return content;
};
/** A disk that a BIOS would start. */
const bootable = (length = 1024) => padded('\x55\xaa', 510, length);

test('a whole qcow2 image tells its virtual size, whatever way QEMU wrote it', async (t) => {
  const folder = await folderFor(t);
  const raw = join(folder, 'base.raw');
  const data = Buffer.alloc(3 * 2 ** 20, 'some data that can be compressed ');
  await writeFile(raw, Buffer.concat([data, Buffer.alloc(5 * 2 ** 20)]));
  const ways = [
    [],
    ['-c'],
    ['-c', '-o', 'compression_type=zstd'],
    ['-o', 'compat=0.10'],
    ['-o', 'cluster_size=512'],
    ['-o', 'cluster_size=2M'],
    ['-o', 'extended_l2=on'],
    ['-o', 'preallocation=metadata'],
    ['-o', 'lazy_refcounts=on'],
  ];
  for (const [number, way] of ways.entries()) {
    const path = join(folder, `${number}.qcow2`);
    await run('qemu-img', ['convert', '-O', 'qcow2', ...way, raw, path]);
    assert.deepEqual(await inspectImage(path), { format: 'qcow2', virtualSize: 8 * 2 ** 20 }, way.join(' '));
  }
});

test('a qcow2 image that is cut short anywhere is refused', async (t) => {
  const folder = await folderFor(t);
  const raw = join(folder, 'base.raw');
  await writeFile(raw, Buffer.alloc(2 ** 20, 'data '));
  for (const options of [[], ['-c']]) {
    const whole = join(folder, 'whole.qcow2');
    await run('qemu-img', ['convert', '-O', 'qcow2', ...options, raw, whole]);
    const content = await readFile(whole);
    // The last cluster may end early: what is behind the end of a file reads as zeros, to QEMU too.
    for (const length of [5, 70, 100, 50_000, 100_000, 200_000, content.length - 2 ** 16 - 1]) {
      const cut = join(folder, 'cut.qcow2');
      await writeFile(cut, content.subarray(0, length));
      await assert.rejects(
        inspectImage(cut),
        (error) => hasErrorCode(error, 'image-incomplete') && /cut.qcow2 is cut short/.test(error.message),
        `${options.join('')} ${length}`,
      );
    }
  }
});

test('a disk with a boot sector is a raw image, and nothing else without a known format is', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'disk.raw');
  await writeFile(path, bootable());
  assert.deepEqual(await inspectImage(path), { format: 'raw', virtualSize: 1024 });
  for (const content of [Buffer.alloc(1024), bootable(700), padded('any text')])
    assert.match(await refusal(t, content), /^image-format-unsupported: disk is no disk image/);
  assert.match(await refusal(t, Buffer.alloc(0)), /^image-format-unsupported: disk is empty/);
});

test('a qcow2 image that refers to another file of the host is refused', async (t) => {
  const backing = changed((header) => header.writeBigUInt64BE(104n, 8));
  const externalData = changed((header) => header.writeBigUInt64BE(4n, 72));
  assert.match(await refusal(t, backing), /^image-not-self-contained: .* its backing file/);
  assert.match(await refusal(t, externalData), /^image-not-self-contained: .* for its data/);
});

test('a qcow2 image that QEMU would refuse, or repair, is refused with the reason', async (t) => {
  const cases: [string, (header: Buffer) => void, RegExp][] = [
    ['AES', (header) => header.writeUInt32BE(1, 32), /^image-encrypted: .*AES/],
    ['LUKS', (header) => header.writeUInt32BE(2, 32), /^image-encrypted: .*LUKS/],
    ['dirty', (header) => header.writeBigUInt64BE(1n, 72), /^image-corrupt: .*was not closed/],
    ['corrupt', (header) => header.writeBigUInt64BE(2n, 72), /^image-corrupt: .*marked as corrupt/],
    ['a later feature', (header) => header.writeBigUInt64BE(32n, 72), /^image-format-unsupported: .*feature bits 0x20/],
    ['a later version', (header) => header.writeUInt32BE(4, 4), /^image-format-unsupported: .*version 4/],
    ['no size', (header) => header.writeBigUInt64BE(0n, 24), /^image-corrupt: .*damaged header/],
    ['no tables', (header) => header.writeUInt32BE(0, 36), /^image-corrupt: .*tables do not fit/],
  ];
  for (const [name, change, expected] of cases) assert.match(await refusal(t, changed(change)), expected, name);
});

test('other formats are refused by their names, a boot sector in them or not', async (t) => {
  const folder = await folderFor(t);
  const raw = join(folder, 'base.raw');
  await writeFile(raw, bootable(2 ** 20));
  const written: [string, string[], RegExp][] = [
    ['vdi', ['-O', 'vdi'], /VirtualBox/],
    ['vmdk', ['-O', 'vmdk'], /VMDK/],
    ['vhd', ['-O', 'vpc', '-o', 'subformat=dynamic'], /VHD/],
    ['fixed.vhd', ['-O', 'vpc', '-o', 'subformat=fixed'], /fixed VHD/],
    ['vhdx', ['-O', 'vhdx'], /VHDX/],
    ['hdd', ['-O', 'parallels'], /Parallels/],
  ];
  for (const [ending, options, expected] of written) {
    const path = join(folder, `disk.${ending}`);
    await run('qemu-img', ['convert', ...options, raw, path]);
    await assert.rejects(
      inspectImage(path),
      (error) => hasErrorCode(error, 'image-format-unsupported') && expected.test(error.message),
      ending,
    );
  }
  await run('tar', ['-cf', 'appliance.ova', 'base.raw'], { cwd: folder });
  await assert.rejects(inspectImage(join(folder, 'appliance.ova')), /OVA/);
});

test('what begins as a file of another kind is refused by its name', async (t) => {
  const marked: [Buffer, RegExp][] = [
    [padded('LUKS\xba\xbe\0\x01'), /LUKS/],
    [padded('\xfd7zXZ\0'), /xz/],
    [padded('<!DOCTYPE html>'), /HTML/],
    [padded('QFI\xfb\0\0\0\x01'), /qcow disk of version 1/],
    [Buffer.concat([bootable(), padded('koly', 0, 512)]), /DMG/],
  ];
  for (const [content, expected] of marked) assert.match(await refusal(t, content), expected);
});

type NoFile = readonly [name: string, code: string, message: RegExp];

async function assertRefused(folder: string, cases: readonly NoFile[]): Promise<void> {
  for (const [name, code, message] of cases)
    await assert.rejects(
      inspectImage(join(folder, name)),
      (error) => isGoqemuError(error) && error.code === code && message.test(error.message) && error.hint !== undefined,
      name,
    );
}

test('what is no file is refused at once, in words: nothing there, a folder', async (t) => {
  const folder = await folderFor(t);
  await mkdir(join(folder, 'd'));
  await writeFile(join(folder, 'file'), '');
  await assertRefused(folder, [
    ['nothere', 'image-file-missing', /there is no image file/],
    ['file/below', 'image-file-missing', /there is no image file/],
    ['d', 'image-not-a-file', /is a folder/],
  ]);
});

test('a named pipe, and a name that is too long, are refused at once, in words', async (t) => {
  const folder = await folderFor(t);
  await run('mkfifo', [join(folder, 'pipe')]);
  await assertRefused(folder, [
    ['pipe', 'image-not-a-file', /is a named pipe/],
    ['x'.repeat(300), 'image-file-unreadable', /ENAMETOOLONG/],
  ]);
});
