import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freeBytes, removeFile, systemErrorCode } from '@goqemu/core';
import { diskFull } from '../download/download-errors.ts';
import { fileDigest } from './file-digest.ts';

/** Holes shorter than this are written as zeros. */
const blockBytes = 2 ** 16;
const readBytes = 2 ** 20;

export interface CopyImageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined;
  /** Free bytes in a folder; asked of the host unless injected. */
  readonly room?: (folder: string) => Promise<number>;
}

/**
 * Copies an image, sharing its blocks where the file system can, and otherwise only what is not zero: a sparse image
 * stays sparse. Whether there is room is known before the first byte is written.
 *
 * @returns the digest of the copy
 * @throws GoqemuError `disk-full`
 */
export async function copyImage(from: string, to: string, options: CopyImageOptions = {}): Promise<string> {
  if (await cloned(from, to)) return fileDigest(to, options.signal);
  await checkRoom(from, to, options.room);
  try {
    return await copySparse(from, to, options);
  } catch (error) {
    await removeFile(to);
    if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) throw error;
    throw diskFull(to, undefined, 0, error);
  }
}

/** Bytes that a copy of a file takes: holes take none. */
export async function copiedBytes(path: string): Promise<number> {
  const { size, blocks } = await stat(path);
  return Math.min(size, blocks * 512);
}

async function checkRoom(from: string, to: string, room = freeBytes): Promise<void> {
  const [needed, free] = await Promise.all([copiedBytes(from), room(dirname(to))]);
  if (needed > free) throw diskFull(to, needed, free);
}

/** File systems that cannot share blocks say so in many ways; the copy that follows tells any other trouble. */
async function cloned(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    await removeFile(to);
    return false;
  }
}

async function copySparse(from: string, to: string, options: CopyImageOptions): Promise<string> {
  const { signal, onProgress } = options;
  const hash = createHash('sha256');
  await using source = closing(await open(from, 'r'));
  await using target = closing(await open(to, 'wx'));
  const { size } = await source.file.stat();
  const buffer = Buffer.alloc(readBytes);
  let position = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.file.read(buffer, 0, readBytes, position);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await writeData(target.file, chunk, position);
    position += bytesRead;
    onProgress?.(position, size);
  }
  await target.file.truncate(position);
  await target.file.sync();
  return `sha256:${hash.digest('hex')}`;
}

const zeros = Buffer.alloc(blockBytes);

async function writeData(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; at += blockBytes) {
    const block = chunk.subarray(at, at + blockBytes);
    if (block.equals(zeros.subarray(0, block.length))) continue;
    for (let done = 0; done < block.length; )
      done += (await file.write(block, done, block.length - done, position + at + done)).bytesWritten;
  }
}

const closing = (file: FileHandle) => ({ file, [Symbol.asyncDispose]: () => file.close() });
