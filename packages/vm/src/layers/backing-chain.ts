import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';

/**
 * The backing file that a qcow2 image names (QEMU's docs/interop/qcow2.txt: the magic, then at byte 8 the offset
 * of the name as 8 bytes and at byte 16 its length as 4, big-endian). Undefined for an image without one.
 */
export async function backingFile(path: string): Promise<string | undefined> {
  const file = await openIfThere(path);
  if (!file) return undefined;
  try {
    const header = Buffer.alloc(20);
    const { bytesRead } = await file.read(header, 0, 20, 0);
    if (bytesRead < 20 || header.readUInt32BE(0) !== 0x514649fb) return undefined;
    const offset = Number(header.readBigUInt64BE(8));
    const length = header.readUInt32BE(16);
    if (offset === 0 || length === 0 || length > 1023) return undefined;
    const name = Buffer.alloc(length);
    await file.read(name, 0, length, offset);
    return name.toString('utf8');
  } finally {
    await file.close();
  }
}

/** Whether a file begins as a qcow2 image does; undefined when there is none. */
export async function isQcow2(path: string): Promise<boolean | undefined> {
  const file = await openIfThere(path);
  if (!file) return undefined;
  try {
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, 0);
    return magic.readUInt32BE(0) === 0x514649fb;
  } finally {
    await file.close();
  }
}

/** Every file below an image, nearest first. */
export async function backingChain(path: string): Promise<readonly string[]> {
  const chain: string[] = [];
  for (let next = await backingFile(path); next && !chain.includes(next); next = await backingFile(next))
    chain.push(next);
  return chain;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
