import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { GoqemuError } from '@goqemu/core';

export type ImageFormat = 'qcow2' | 'raw';

export interface InspectedImage {
  readonly format: ImageFormat;
  /** Bytes that a guest sees. */
  readonly virtualSize: number;
}

/** Formats that goqemu recognises in order to say which one it refuses. */
const refused: readonly (readonly [string, Uint8Array])[] = [
  ['xz-compressed', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
  ['gzip-compressed', Uint8Array.of(0x1f, 0x8b)],
  ['Zstandard-compressed', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
  ['bzip2-compressed', Buffer.from('BZh')],
  ['zip', Buffer.from('PK\u0003\u0004', 'latin1')],
  ['VMDK', Buffer.from('KDMV')],
  ['VMDK descriptor', Buffer.from('# Disk DescriptorFile')],
  ['VHDX', Buffer.from('vhdxfile')],
  ['VHD', Buffer.from('conectix')],
  ['QED', Buffer.from('QED\0')],
  ['HTML', Buffer.from('<!')],
  ['HTML', Buffer.from('<html')],
];

/**
 * Looks at an image's header: its format and size. A qcow2 image that refers to other files is refused, for it
 * could make QEMU read any file of the host into the guest (QEMU, `docs/interop/qcow2.txt`, header fields
 * `backing_file_offset` and incompatible feature bit 2).
 *
 * @throws GoqemuError `image-format-unsupported`, `image-not-self-contained`
 */
export async function inspectImage(path: string): Promise<InspectedImage> {
  const file = await open(path, 'r');
  try {
    const header = Buffer.alloc(512);
    const { bytesRead } = await file.read(header, 0, header.length, 0);
    if (header.readUInt32BE(0) === 0x514649fb) return inspectQcow2(header, path);
    const other = refused.find(([, magic]) => header.subarray(0, magic.length).equals(magic));
    const { size } = await file.stat();
    if (other || bytesRead < 512 || size % 512 !== 0) throw unsupported(path, other?.[0]);
    return { format: 'raw', virtualSize: size };
  } finally {
    await file.close();
  }
}

function inspectQcow2(header: Buffer, path: string): InspectedImage {
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw unsupported(path, `qcow version ${version}`);
  const externalData = version === 3 && (header.readBigUInt64BE(72) & 4n) !== 0n;
  if (header.readBigUInt64BE(8) !== 0n || externalData) {
    throw new GoqemuError({
      code: 'image-not-self-contained',
      source: 'user',
      subject: path,
      message: `the image ${basename(path)} refers to another file, ${externalData ? 'for its data' : 'its backing file'}`,
      hint: `make it whole first: qemu-img convert -O qcow2 ${JSON.stringify(path)} whole.qcow2`,
    });
  }
  return { format: 'qcow2', virtualSize: Number(header.readBigUInt64BE(24)) };
}

function unsupported(path: string, found: string | undefined): GoqemuError {
  return new GoqemuError({
    code: 'image-format-unsupported',
    source: 'user',
    subject: path,
    message: `${basename(path)} is ${found ? `a ${found} file` : 'no disk image'}: goqemu takes qcow2 images, and raw ones from a local file`,
    hint: 'unpack or convert it (qemu-img convert -O qcow2) and give the path of the result',
  });
}
