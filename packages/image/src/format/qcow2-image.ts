import type { FileHandle } from 'node:fs/promises';
import { type InspectedFile, incomplete, notSelfContained, refused } from './qcow2-errors.ts';
import { checkQcow2Tables } from './qcow2-tables.ts';
import { readAt } from './read-at.ts';

const magic = Buffer.from('QFI\xfb', 'latin1');

/** Version 1 shares the magic and is another format. */
export async function isQcow2(file: FileHandle): Promise<boolean> {
  const header = await readAt(file, 0, 8);
  return header.subarray(0, 4).equals(magic) && (header.length < 8 || header.readUInt32BE(4) !== 1);
}

/** Incompatible features (QEMU, `docs/interop/qcow2.txt`) that do not keep an image from being used: bits 3 and 4. */
const acceptedFeatures = { compressionType: 1n << 3n, extendedL2: 1n << 4n };
const dirty = 1n << 0n;
const corrupt = 1n << 1n;
const externalData = 1n << 2n;
/** zlib and, behind feature bit 3, Zstandard. */
const highestCompression = 1;

/**
 * Checks that an image is whole, and that it does not refer to other files: those could make QEMU show the guest any
 * file of the host. QEMU, `docs/interop/qcow2.txt`.
 *
 * @returns its virtual size in bytes
 */
export async function inspectQcow2(file: FileHandle, about: InspectedFile): Promise<number> {
  const header = await readAt(file, 0, 112);
  if (header.length < 72) throw incomplete(about, 'its header');
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3)
    throw refused(about, 'image-format-unsupported', `is qcow2 of version ${version}; goqemu takes versions 2 and 3`);
  if (version === 3 && header.length < 104) throw incomplete(about, 'its header');
  const features = version === 3 ? header.readBigUInt64BE(72) : 0n;
  checkFeatures(features, header, about);
  const virtualSize = Number(header.readBigUInt64BE(24));
  const clusterBits = header.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21 || !Number.isSafeInteger(virtualSize) || virtualSize === 0)
    throw refused(about, 'image-corrupt', 'has a damaged header');
  await checkQcow2Tables(
    file,
    {
      virtualSize,
      clusterBits,
      l1: { offset: Number(header.readBigUInt64BE(40)), entries: header.readUInt32BE(36) },
      refcounts: {
        offset: Number(header.readBigUInt64BE(48)),
        entries: (header.readUInt32BE(56) * 2 ** clusterBits) / 8,
      },
      l2EntryBytes: features & acceptedFeatures.extendedL2 ? 16 : 8,
    },
    about,
  );
  return virtualSize;
}

function checkFeatures(features: bigint, header: Buffer, about: InspectedFile): void {
  const hasExternalData = (features & externalData) !== 0n;
  if (header.readBigUInt64BE(8) !== 0n || hasExternalData) throw notSelfContained(about, hasExternalData);
  const crypt = header.readUInt32BE(32);
  if (crypt !== 0) {
    throw refused(
      about,
      'image-encrypted',
      `is encrypted (${['', 'AES', 'LUKS'][crypt] ?? `method ${crypt}`}), and goqemu has no key for it`,
      'decrypt it with qemu-img convert and --object secret, and give the path of the result',
    );
  }
  if ((features & corrupt) !== 0n)
    throw refused(about, 'image-corrupt', 'is marked as corrupt by the program that wrote it');
  if ((features & dirty) !== 0n)
    throw refused(about, 'image-corrupt', 'was not closed by the program that wrote it, or is still being written');
  const known = acceptedFeatures.compressionType | acceptedFeatures.extendedL2;
  const unknown = features & ~known;
  const compression = features & acceptedFeatures.compressionType ? (header[104] ?? 0) : 0;
  if (unknown !== 0n || compression > highestCompression) {
    const what = unknown === 0n ? `compression type ${compression}` : `feature bits 0x${unknown.toString(16)}`;
    throw refused(about, 'image-format-unsupported', `needs a newer QEMU: its header names ${what}`);
  }
}
