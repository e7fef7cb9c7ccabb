import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { inspectImage } from './image-format.ts';

/** The header of an empty image, QEMU `docs/interop/qcow2.txt`. */
function qcow2(change: (header: Buffer) => void = () => undefined): Buffer {
  const header = Buffer.alloc(512);
  header.writeUInt32BE(0x514649fb, 0);
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(10n * 2n ** 30n, 24);
  change(header);
  return header;
}

async function inspect(content: Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-format-'));
  try {
    await writeFile(join(folder, 'disk'), content);
    return await inspectImage(join(folder, 'disk'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a qcow2 image tells its virtual size', async () => {
  assert.deepEqual(await inspect(qcow2()), { format: 'qcow2', virtualSize: 10 * 2 ** 30 });
});

test('whole sectors without another mark are a raw image', async () => {
  assert.deepEqual(await inspect(Buffer.alloc(1024)), { format: 'raw', virtualSize: 1024 });
});

test('an image that refers to another file of the host is refused', async () => {
  const backing = qcow2((header) => header.writeBigUInt64BE(104n, 8));
  const externalData = qcow2((header) => header.writeBigUInt64BE(4n, 72));
  for (const image of [backing, externalData])
    await assert.rejects(inspect(image), (error) => hasErrorCode(error, 'image-not-self-contained'));
});

test('another format is refused by its name', async () => {
  const cases: [Buffer, RegExp][] = [
    [Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), Buffer.alloc(506)]), /xz/],
    [Buffer.concat([Buffer.from('<!DOCTYPE html>'), Buffer.alloc(497)]), /HTML/],
    [Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(508)]), /VMDK/],
    [qcow2((header) => header.writeUInt32BE(1, 4)), /qcow version 1/],
    [Buffer.alloc(0), /no disk image/],
    [Buffer.alloc(700), /no disk image/],
  ];
  for (const [content, found] of cases)
    await assert.rejects(
      inspect(content),
      (error) => hasErrorCode(error, 'image-format-unsupported') && found.test(error.message),
    );
});
