import { randomBytes } from 'node:crypto';
import { chmod, type FileHandle, lstat, open, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import {
  GoqemuError,
  makeFolders,
  refuseNul,
  removeFile,
  replaceFile,
  shellQuote,
  systemErrorCode,
} from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { chunkBytes, forEachAtOnce, inChunks } from './chunks.ts';
import { type Sftp, type SftpFile, type TransferOptions, withSftp } from './sftp.ts';
import { withStage } from './stage.ts';

export interface DownloadOptions extends TransferOptions {
  /** Reads with root's rights, through sudo. */
  readonly asRoot?: boolean;
}

interface Remote {
  readonly remote: string;
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}

/**
 * Copies a file of the guest to `destination` (into it, when it is a folder), or the contents of a folder into the
 * folder `destination`. Modes and symbolic links are kept. Each file appears whole or not at all, and nothing is
 * written outside the destination whatever names the guest gives.
 *
 * @throws GoqemuError `guest-file-missing`, `guest-file-denied`, `download-unsafe-name`, `connection-lost`, `timeout` when it stalls
 */
export async function download(
  session: SessionAccess,
  source: string,
  destination: string,
  options: DownloadOptions,
): Promise<void> {
  refuseNul(source, 'the source');
  const what = `download of ${source} to ${destination}`;
  const transfer = { source, name: basename(source), destination, what };
  if (!options.asRoot) return receive(session, transfer, options);
  await withStage(session, { what, signal: options.signal }, async (stage) => {
    const script = `set -e
cp -aH -- ${shellQuote(source)} ${stage}/content
chown -hR -- ${shellQuote(session.endpoint.user)} ${stage}/content`;
    const label = `reading for the ${what}`;
    const signal = options.signal ? { signal: options.signal } : {};
    assertSucceeded(await session.exec(script, { user: 'root', label, ...signal }), label);
    await receive(session, { ...transfer, source: posix.join(stage, 'content') }, options);
  });
}

interface Transfer {
  /** Path in the guest. */
  readonly source: string;
  /** What it is called in a folder that it is put into. */
  readonly name: string;
  readonly destination: string;
  /** As errors name it. */
  readonly what: string;
}

async function receive(
  session: SessionAccess,
  { source, name, destination, what }: Transfer,
  options: DownloadOptions,
): Promise<void> {
  await withSftp(session, what, options, async (sftp, signal) => {
    const found = await sftp.stat(source);
    let moved = 0;
    const progress = (bytes: number) => {
      moved += bytes;
      options.onProgress?.(moved);
    };
    if (!found.isDirectory()) {
      const intoFolder = /[\\/]$/.test(destination) || (await isFolder(destination));
      const path = intoFolder ? join(destination, checkName(name)) : destination;
      makeFolders(dirname(path));
      await receiveFile(sftp, { remote: source, path, mode: found.mode & 0o777, size: found.size }, signal, progress);
      return;
    }
    const folders: Remote[] = [];
    const files: Remote[] = [];
    await walk(sftp, { remote: source, path: destination, mode: found.mode & 0o777, size: 0 }, folders, files);
    await forEachAtOnce(files, 8, (file) => receiveFile(sftp, file, signal, progress));
    for (const folder of folders.reverse()) await chmod(folder.path, folder.mode);
  });
}

async function walk(sftp: Sftp, folder: Remote, folders: Remote[], files: Remote[]): Promise<void> {
  makeFolders(folder.path);
  if (!(await lstat(folder.path)).isDirectory() && folders.length > 0) throw unsafeName(folder.path);
  folders.push(folder);
  for (const { filename, attrs } of await sftp.list(folder.remote)) {
    if (filename === '.' || filename === '..') continue;
    const path = join(folder.path, checkName(filename));
    const remote = posix.join(folder.remote, filename);
    const entry = { remote, path, mode: attrs.mode & 0o777, size: attrs.size };
    if (attrs.isDirectory()) await walk(sftp, entry, folders, files);
    else if (attrs.isSymbolicLink()) {
      await removeFile(path);
      await symlink(await sftp.readlink(remote), path);
    } else if (attrs.isFile()) files.push(entry);
  }
}

async function receiveFile(
  sftp: Sftp,
  file: Remote,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<void> {
  const draft = join(dirname(file.path), `.goqemu-${randomBytes(8).toString('hex')}`);
  const local = await open(draft, 'wx', 0o600);
  try {
    const handle = await sftp.open(file.remote, 'r');
    try {
      await inChunks(file.size, signal, async (buffer, position, length) => {
        for (let done = 0; done < length; ) {
          const count = await sftp.read(handle, buffer, length - done, position + done);
          if (count === 0) throw shrank(file.remote); // else the rest would silently be zeros
          await local.write(buffer, 0, count, position + done);
          done += count;
          progress(count);
        }
      });
      // Files of /proc and /sys say 0 bytes and still have contents.
      if (file.size === 0) await receiveToEnd({ sftp, handle, local }, signal, progress);
    } finally {
      await sftp.close(handle);
    }
    await local.chmod(file.mode);
    await local.close();
    await replaceFile(draft, file.path);
  } catch (error) {
    await local.close().catch(() => undefined); // it may be closed already
    await removeFile(draft);
    throw error;
  }
}

async function receiveToEnd(
  { sftp, handle, local }: { readonly sftp: Sftp; readonly handle: SftpFile; readonly local: FileHandle },
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const count = await sftp.read(handle, buffer, chunkBytes, position);
    if (count === 0) return;
    await local.write(buffer, 0, count, position);
    position += count;
    progress(count);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The guest names these, so they are not trusted. */
function checkName(name: string): string {
  const bad = process.platform === 'win32' ? /[/\\:\0]/ : /[/\0]/;
  if (name === '' || name === '.' || name === '..' || bad.test(name)) throw unsafeName(name);
  return name;
}

function unsafeName(name: string): GoqemuError {
  return new GoqemuError({
    code: 'download-unsafe-name',
    source: 'environment',
    subject: name,
    message: `the guest has a file named ${JSON.stringify(name)}, which would lead out of the destination`,
    hint: 'rename it in the guest, or leave it out',
  });
}

function shrank(path: string): GoqemuError {
  return new GoqemuError({
    code: 'guest-file-changed',
    source: 'environment',
    subject: path,
    message: `${path} became shorter while it was copied`,
    hint: 'copy it when nothing writes to it',
  });
}
