import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage, GoqemuError, removeFile, replaceFile, systemErrorCode } from '@goqemu/core';

/** @throws GoqemuError `local-file-failed` */
export async function* readLocalFile(path: string, chunkBytes: number): AsyncGenerator<Buffer, void, void> {
  const file = await said(path, 'read', open(path, 'r'));
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await said(path, 'read', file.read(buffer, 0, chunkBytes));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * Writes a file that appears whole, or stays as it was: beside it first, and then in its place. What is no regular file
 * (a pipe, a terminal) is written to directly.
 *
 * @throws GoqemuError `local-file-failed`; what `fill` throws
 */
export async function writeLocalFile(
  path: string,
  fill: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
): Promise<void> {
  const target = await targetOf(path);
  const draft = target.direct ? undefined : join(dirname(target.path), `.goqemu-${randomBytes(8).toString('hex')}`);
  let file: FileHandle | undefined;
  const opened = async () => {
    file ??= await said(path, 'written', open(draft ?? target.path, draft ? 'wx' : 'w', target.mode));
    return file;
  };
  try {
    await fill(async (bytes) => void (await said(path, 'written', (await opened()).writeFile(bytes))));
    const whole = await opened();
    if (draft && target.mode !== undefined) await said(path, 'written', whole.chmod(target.mode));
    await whole.close();
    if (draft) await said(path, 'written', replaceFile(draft, target.path));
  } catch (error) {
    await file?.close().catch(() => undefined); // it may be closed already
    if (draft && file) await removeFile(draft).catch(() => undefined);
    throw error;
  }
}

interface Target {
  readonly path: string;
  readonly direct: boolean;
  /** Of the file that is replaced. */
  readonly mode?: number;
}

/** A symbolic link stays one: what it points to is replaced. */
async function targetOf(path: string): Promise<Target> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw Object.assign(new Error('EISDIR: it is a folder'), { code: 'EISDIR' });
    return { path: await realpath(path), direct: !found.isFile(), mode: found.mode & 0o777 };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { path, direct: false };
    throw failedError(path, 'written', error);
  }
}

async function said<T>(path: string, what: 'read' | 'written', work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw failedError(path, what, error);
  }
}

function failedError(path: string, what: 'read' | 'written', cause: unknown): GoqemuError {
  const missing = systemErrorCode(cause) === 'ENOENT';
  return new GoqemuError({
    code: 'local-file-failed',
    source: missing ? 'user' : 'environment',
    subject: path,
    message: `the file ${path} of this host cannot be ${what}: ${errorMessage(cause)}`,
    hint: missing ? 'check the path; its folder must exist' : 'check its permissions, and the room on its disk',
    cause,
    data: { path },
  });
}
