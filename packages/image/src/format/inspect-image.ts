import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { GoqemuError, systemErrorCode } from '@goqemu/core';
import { recogniseFormat } from './known-formats.ts';
import { inspectQcow2, isQcow2 } from './qcow2-image.ts';
import { hasBootSector } from './raw-image.ts';

/** Formats of disk images that goqemu reads. */
export type ImageFormat = 'qcow2' | 'raw';

export interface InspectedImage {
  readonly format: ImageFormat;
  /** Bytes that a guest sees. */
  readonly virtualSize: number;
}

/**
 * Reads what an image is. Accepted are whole, self-contained qcow2 images that every QEMU from 7.2 on reads, and raw
 * disks with a boot sector; anything else is refused, by its name where that is known. Reads the header and the
 * tables of a qcow2 image, not its data.
 *
 * @param name what the image is called in messages; default: the file's own name
 * @throws GoqemuError `image-file-missing`, `image-file-unreadable`, `image-not-a-file`, `image-format-unsupported`,
 * `image-not-self-contained`, `image-encrypted`, `image-incomplete`, `image-corrupt`
 */
export async function inspectImage(path: string, name: string = basename(path)): Promise<InspectedImage> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (await isQcow2(file)) return { format: 'qcow2', virtualSize: await inspectQcow2(file, { path, name, size }) };
    const other = await recogniseFormat(file, size);
    if (other) throw unsupported(path, `${name} is ${other}`);
    if (size === 0) throw unsupported(path, `${name} is empty`);
    if (size % 512 !== 0 || !(await hasBootSector(file)))
      throw unsupported(path, `${name} is no disk image: it is not qcow2, and as a raw disk it has no boot sector`);
    return { format: 'raw', virtualSize: size };
  } finally {
    await file.close();
  }
}

/** Opened without waiting: a FIFO would block the reader until it is written to. */
async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const found = await file.stat();
  if (found.isFile()) return file;
  await file.close();
  const kinds = { folder: found.isDirectory(), 'named pipe': found.isFIFO(), 'block device': found.isBlockDevice() };
  const [kind = 'device'] = Object.entries(kinds).flatMap(([name, is]) => (is ? [name] : []));
  throw new GoqemuError({
    code: 'image-not-a-file',
    source: 'user',
    subject: path,
    message: `${path} is a ${kind}, not an image file`,
    hint: found.isBlockDevice()
      ? `copy it to a file first: qemu-img convert -O qcow2 ${JSON.stringify(path)} disk.qcow2`
      : 'give the path of a qcow2 image, or of a raw one',
  });
}

/** The host's errors for a file that the user named, in goqemu's words. */
function unreadable(path: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  const about = { source: 'user', subject: path, cause } as const;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new GoqemuError({
      ...about,
      code: 'image-file-missing',
      message: `there is no image file ${path}`,
      hint: 'check the path; a name without a path is looked up in the catalogue (goqemu image list --all)',
    });
  if (code === 'EACCES' || code === 'EPERM')
    return new GoqemuError({
      ...about,
      code: 'image-file-unreadable',
      message: `you may not read the image file ${path}`,
      hint: 'allow it to be read (chmod, and the folders above it need x), or copy it to where it can be',
    });
  return new GoqemuError({
    ...about,
    code: 'image-file-unreadable',
    source: code === 'ELOOP' || code === 'ENAMETOOLONG' ? 'user' : 'environment',
    message: `the image file ${path} cannot be read${code ? `: ${code}` : ''}`,
    hint: 'check the path, and the disk or the network that it is on',
  });
}

function unsupported(path: string, message: string): GoqemuError {
  return new GoqemuError({
    code: 'image-format-unsupported',
    source: 'user',
    subject: path,
    message: `${message}; goqemu takes qcow2 images, and raw disks from a local file`,
    hint: 'unpack or convert it (qemu-img convert -O qcow2 FROM TO.qcow2) and give the path of the result',
  });
}
