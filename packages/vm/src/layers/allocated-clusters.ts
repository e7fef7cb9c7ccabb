import { type FileHandle, open } from 'node:fs/promises';

/** Which clusters of a disk a qcow2 file holds itself. */
export interface AllocatedClusters {
  /** Bytes of a cluster. */
  readonly size: number;
  readonly isHeld: (cluster: number) => boolean;
  /** Indices of the clusters that it holds, in order. */
  readonly held: readonly number[];
}

/** Bits 9 to 55 of an entry: where a table or a cluster lies. */
const offsetMask = 0x00ff_ffff_ffff_fe00n;
/** Bit 62: compressed; bit 0: reads as zeros. Either way the file says what the cluster is. */
const heldMask = offsetMask | (1n << 62n) | 1n;
/** Incompatible features: data in another file (bit 2), entries of 16 bytes (bit 4). */
const unknownFeatures = (1n << 2n) | (1n << 4n);

/**
 * Reads the tables of a qcow2 image (QEMU's docs/interop/qcow2.txt: the header, "Cluster mapping").
 *
 * @returns undefined where the file is no qcow2 image, or has features that goqemu's own disks do not have
 */
export async function allocatedClusters(path: string): Promise<AllocatedClusters | undefined> {
  const file = await open(path, 'r');
  try {
    const header = await read(file, 0, 80);
    if (header.length < 80 || header.readUInt32BE(0) !== 0x514649fb) return undefined;
    if (header.readUInt32BE(4) >= 3 && (header.readBigUInt64BE(72) & unknownFeatures) !== 0n) return undefined;
    const size = 2 ** header.readUInt32BE(20);
    const perTable = size / 8;
    const first = await read(file, Number(header.readBigUInt64BE(40)), header.readUInt32BE(36) * 8);
    const held: number[] = [];
    for (const [index, entry] of entries(first)) {
      const offset = Number(entry & offsetMask);
      if (offset === 0) continue;
      for (const [inner, one] of entries(await read(file, offset, size)))
        if ((one & heldMask) !== 0n) held.push(index * perTable + inner);
    }
    const known = new Set(held);
    return { size, held, isHeld: (cluster) => known.has(cluster) };
  } finally {
    await file.close();
  }
}

function* entries(table: Buffer): Generator<readonly [number, bigint]> {
  for (let at = 0; at + 8 <= table.length; at += 8) yield [at / 8, table.readBigUInt64BE(at)];
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
