import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '@goqemu/core';

/**
 * What the beginning of a disk file says. `raw`: it is not a qcow2 image, and may be a raw one. `damaged`: it begins as
 * a qcow2 image and cannot be one, or cannot be read.
 */
export type DiskHeader =
  | { readonly kind: 'missing' }
  | { readonly kind: 'raw'; readonly size: number }
  | { readonly kind: 'damaged'; readonly size: number; readonly reason: string }
  | { readonly kind: 'qcow2'; readonly size: number; readonly backing?: string };

const magic = 0x514649fb;

/**
 * Reads the header of a disk (QEMU's docs/interop/qcow2.txt; numbers are big-endian): version at byte 4, offset and
 * length of the backing file's name at 8 and 16, bits of a cluster at 20, tables at 40 and 48. Read at once, since a plan
 * looks at the whole chain of every layer.
 */
export function readDiskHeader(path: string): DiskHeader {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const code = systemErrorCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : unreadable(error);
  }
  try {
    const { size } = fstatSync(file);
    const header = Buffer.alloc(56);
    const length = readSync(file, header, 0, header.length, 0);
    if (length < 4 || header.readUInt32BE(0) !== magic) return { kind: 'raw', size };
    const reason = length < header.length ? 'its header is cut short' : inconsistency(header, size);
    if (reason !== undefined) return { kind: 'damaged', size, reason };
    const offset = Number(header.readBigUInt64BE(8));
    if (offset === 0) return { kind: 'qcow2', size };
    const name = Buffer.alloc(header.readUInt32BE(16));
    readSync(file, name, 0, name.length, offset);
    return { kind: 'qcow2', size, backing: name.toString('utf8') };
  } catch (error) {
    return unreadable(error);
  } finally {
    closeSync(file);
  }
}

function inconsistency(header: Buffer, size: number): string | undefined {
  const version = header.readUInt32BE(4);
  const clusterBits = header.readUInt32BE(20);
  if (version < 2 || version > 3 || clusterBits < 9 || clusterBits > 21) return 'its header makes no sense';
  const nameEnd = Number(header.readBigUInt64BE(8)) + header.readUInt32BE(16);
  if (header.readUInt32BE(16) > 1023 || nameEnd > size) return 'its header makes no sense';
  const tables = [header.readBigUInt64BE(40), header.readBigUInt64BE(48)].map(Number);
  return tables.some((offset) => offset >= size) ? 'it is cut short' : undefined;
}

function unreadable(error: unknown): DiskHeader {
  return { kind: 'damaged', size: 0, reason: `it cannot be read (${systemErrorCode(error) ?? String(error)})` };
}
