import { open } from 'node:fs/promises';
import { removeFile, systemErrorCode } from '@goqemu/core';

/** The layout of an empty overlay: header, refcount table, its first block, L1 table; a cluster each. */
const clusterBits = 16;
const clusterBytes = 2 ** clusterBits;
const clusters = 4;
const headerBytes = 104;
/** Bytes of the disk that one entry of the L1 table stands for. */
const bytesPerEntry = (clusterBytes / 8) * clusterBytes;
/** The backing file's format is named by this header extension. */
const backingFormatExtension = 0xe2792aca;
const magic = 0x514649fb;

/**
 * Writes an empty qcow2 image of version 3 above another (QEMU's docs/interop/qcow2.txt), as qemu-img(1) would: a
 * process of its own would take as long as all the rest of a restore.
 *
 * @returns false when the path below is of a length, or the disk of a size, that this layout has no room for
 */
export async function writeEmptyOverlay(
  path: string,
  overlay: { readonly backing: string; readonly backingFormat: 'qcow2' | 'raw'; readonly size: number },
): Promise<boolean> {
  const name = Buffer.from(overlay.backing);
  const entries = Math.ceil(overlay.size / bytesPerEntry);
  if (name.length > 1023 || entries > clusterBytes / 8 || overlay.size % 512 !== 0) return false;
  const image = Buffer.alloc(clusters * clusterBytes);
  const format = Buffer.from(overlay.backingFormat);
  const nameAt = headerBytes + 8 + Math.ceil(format.length / 8) * 8 + 8;
  image.writeUInt32BE(magic, 0);
  image.writeUInt32BE(3, 4);
  image.writeBigUInt64BE(BigInt(nameAt), 8);
  image.writeUInt32BE(name.length, 16);
  image.writeUInt32BE(clusterBits, 20);
  image.writeBigUInt64BE(BigInt(overlay.size), 24);
  image.writeUInt32BE(entries, 36);
  image.writeBigUInt64BE(BigInt(3 * clusterBytes), 40); // L1 table
  image.writeBigUInt64BE(BigInt(clusterBytes), 48); // refcount table
  image.writeUInt32BE(1, 56); // its clusters
  image.writeUInt32BE(4, 96); // refcounts of 2^4 bits
  image.writeUInt32BE(headerBytes, 100);
  image.writeUInt32BE(backingFormatExtension, headerBytes);
  image.writeUInt32BE(format.length, headerBytes + 4);
  format.copy(image, headerBytes + 8);
  name.copy(image, nameAt);
  image.writeBigUInt64BE(BigInt(2 * clusterBytes), clusterBytes); // the first refcount block
  for (let cluster = 0; cluster < clusters; cluster++) image.writeUInt16BE(1, 2 * clusterBytes + cluster * 2);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(image);
  } catch (error) {
    await file.close();
    await removeFile(path); // closed before: Windows keeps a name whose file is open
    throw error;
  }
  await file.close();
  return true;
}

/** Bytes of the disk that a qcow2 image holds, as the guest sees it; undefined for what is no qcow2 image. */
export async function qcow2Size(path: string): Promise<number | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined; // qemu-img says it better
    throw error;
  });
  if (!file) return undefined;
  try {
    const header = Buffer.alloc(32);
    const { bytesRead } = await file.read(header, 0, 32, 0);
    if (bytesRead < 32 || header.readUInt32BE(0) !== magic) return undefined;
    return Number(header.readBigUInt64BE(24));
  } finally {
    await file.close();
  }
}
