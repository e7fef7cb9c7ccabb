import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { GoqemuError, systemErrorCode } from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import { refuseNul, shellQuote } from '../quoting/shell-quote.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { forEachAtOnce, inChunks } from './chunks.ts';
import { checkOwner } from './owner.ts';
import { type Sftp, type TransferOptions, withSftp } from './sftp.ts';

export interface UploadOptions extends TransferOptions {
  /** `user` or `user:group` of the guest for everything that is copied; implies `asRoot`. */
  readonly owner?: string;
  /** Writes with root's rights, through sudo: for folders that the session's user may not write to. */
  readonly asRoot?: boolean;
  /** Permission bits of the file; default: those of the source. Not for folders, which keep theirs. */
  readonly mode?: number;
}

interface Local {
  readonly path: string;
  readonly remote: string;
  readonly mode: number;
}

/**
 * Copies a file to `destination` (into it, when it is a folder or ends with `/`), or the contents of a folder into
 * the folder `destination`, which need not exist. Modes and symbolic links are kept; owners and times are not. Each
 * file appears whole or not at all.
 *
 * @throws GoqemuError `upload-source-missing`, `upload-unsupported` (sockets, devices), `guest-file-denied`,
 * `connection-lost`, `timeout` when it stalls
 */
export async function upload(
  session: SessionAccess,
  source: string,
  destination: string,
  options: UploadOptions,
): Promise<void> {
  refuseNul(destination, 'the destination');
  if (options.owner !== undefined) checkOwner(options.owner);
  const kind = await kindOf(source);
  if (kind === 'folder' && options.mode !== undefined) throw modeOfFolder(source);
  const what = `upload of ${source} to ${destination}`;
  if (!options.asRoot && options.owner === undefined) {
    await withSftp(session, what, options, async (sftp, signal) => {
      const target = kind === 'file' ? await fileTarget(sftp, source, destination) : destination;
      await send(sftp, source, target, kind, options, signal);
    });
    return;
  }
  await stageAndPlace(session, source, destination, kind, what, options);
}

async function kindOf(source: string): Promise<'file' | 'folder'> {
  try {
    const found = await stat(source);
    if (found.isDirectory()) return 'folder';
    if (found.isFile()) return 'file';
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new GoqemuError({
      code: 'upload-source-missing',
      source: 'user',
      subject: source,
      message: `there is no ${source} to upload`,
      hint: 'paths are relative to the working directory',
      cause: error,
    });
  }
  throw unsupported(source);
}

async function fileTarget(sftp: Sftp, source: string, destination: string): Promise<string> {
  const intoFolder = destination.endsWith('/') || (await sftp.statIfThere(destination))?.isDirectory();
  return intoFolder ? posix.join(destination, basename(source)) : destination;
}

async function send(
  sftp: Sftp,
  source: string,
  target: string,
  kind: 'file' | 'folder',
  options: UploadOptions,
  signal: AbortSignal,
): Promise<void> {
  const folders: Local[] = [];
  const links: Local[] = [];
  const files: Local[] = [];
  const walk = async (path: string, remote: string, found: Awaited<ReturnType<typeof lstat>>): Promise<void> => {
    const local = { path, remote, mode: portableMode(Number(found.mode), found.isDirectory()) };
    if (found.isSymbolicLink()) links.push(local);
    else if (found.isFile()) files.push(local);
    else if (!found.isDirectory()) throw unsupported(path);
    else {
      folders.push(local);
      for (const name of (await readdir(path)).sort())
        await walk(join(path, name), posix.join(remote, name), await lstat(join(path, name)));
    }
  };
  await walk(source, target, await stat(source)); // the source itself may be a link to what is meant
  if (kind === 'file') await ensureFolder(sftp, posix.dirname(target));
  for (const folder of folders) await ensureFolder(sftp, folder.remote);
  let moved = 0;
  const progress = (bytes: number) => {
    moved += bytes;
    options.onProgress?.(moved);
  };
  await forEachAtOnce(files, 8, (file) =>
    sendFile(sftp, { ...file, mode: options.mode ?? file.mode }, signal, progress),
  );
  for (const link of links) await sendLink(sftp, link);
  // Innermost first: a folder may forbid writing into it.
  if (kind === 'folder')
    for (const folder of folders.reverse()) await sftp.changeFolderMode(folder.remote, folder.mode);
}

/** Windows knows no permission bits worth copying. */
function portableMode(mode: number, isFolder: boolean): number {
  if (process.platform === 'win32') return isFolder ? 0o755 : 0o644;
  return mode & 0o7777;
}

async function ensureFolder(sftp: Sftp, path: string): Promise<void> {
  const found = await sftp.statIfThere(path);
  if (found?.isDirectory()) return;
  if (!found && posix.dirname(path) !== path) await ensureFolder(sftp, posix.dirname(path));
  await sftp.makeFolder(path, 0o755);
}

const draftOf = (remote: string) => posix.join(posix.dirname(remote), `.goqemu-${randomBytes(8).toString('hex')}`);

async function sendFile(
  sftp: Sftp,
  file: Local,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<void> {
  const draft = draftOf(file.remote);
  const local = await open(file.path, 'r');
  try {
    const handle = await sftp.open(draft, 'wx', { mode: 0o600 });
    try {
      const { size } = await local.stat();
      await inChunks(size, signal, async (buffer, position, length) => {
        const { bytesRead } = await local.read(buffer, 0, length, position);
        if (bytesRead > 0) await sftp.write(handle, buffer.subarray(0, bytesRead), position);
        progress(bytesRead);
      });
      await sftp.changeMode(handle, file.mode);
    } finally {
      await sftp.close(handle);
    }
    await sftp.replace(draft, file.remote);
  } catch (error) {
    await sftp.discard(draft);
    throw error;
  } finally {
    await local.close();
  }
}

async function sendLink(sftp: Sftp, link: Local): Promise<void> {
  const draft = draftOf(link.remote);
  await sftp.symlink((await readlink(link.path)).replaceAll('\\', process.platform === 'win32' ? '/' : '\\'), draft);
  await sftp.replace(draft, link.remote);
}

/** SFTP has the rights of the session's user only, so the copy goes to a private folder first and root moves it on. */
async function stageAndPlace(
  session: SessionAccess,
  source: string,
  destination: string,
  kind: 'file' | 'folder',
  what: string,
  options: UploadOptions,
): Promise<void> {
  const signal = options.signal ? { signal: options.signal } : {};
  const made = assertSucceeded(
    await session.exec('mktemp -d /var/tmp/goqemu.XXXXXXXXXX', { label: `making room for the ${what}`, ...signal }),
  );
  const stage = made.stdout.trim();
  try {
    const staged = posix.join(stage, 'content');
    await withSftp(session, what, options, (sftp, stop) => send(sftp, source, staged, kind, options, stop));
    const place = kind === 'file' ? placeFile : placeFolder;
    const script = place(staged, destination, basename(source), options.owner ?? 'root:root');
    assertSucceeded(
      await session.exec(script, { user: 'root', label: `placing the ${what}`, ...signal }),
      `placing the ${what}`,
    );
  } finally {
    await session
      .exec(['rm', '-rf', '--', stage], {
        user: 'root',
        label: 'removing the upload’s temporary folder',
        timeoutMs: 60_000,
      })
      .catch((error: unknown) => {
        session.logger.log('warn', 'ssh', 'a temporary folder was left in the guest', { stage, reason: String(error) });
      });
  }
}

function placeFile(staged: string, destination: string, name: string, owner: string): string {
  return `set -e
from=${shellQuote(staged)}; to=${shellQuote(destination)}; name=${shellQuote(name)}
case $to in */) to=$to$name ;; *) if [ -d "$to" ]; then to=$to/$name; fi ;; esac
case $to in */*) folder=\${to%/*} ;; *) folder=. ;; esac
mkdir -p -- "$folder/"
chown -h -- ${shellQuote(owner)} "$from"
draft=$(mktemp "$folder/.goqemu.XXXXXXXXXX")
trap 'rm -f -- "$draft"' EXIT
cp -a -- "$from" "$draft"
mv -f -- "$draft" "$to"`;
}

function placeFolder(staged: string, destination: string, _name: string, owner: string): string {
  return `set -e
from=${shellQuote(staged)}; to=${shellQuote(destination)}
chown -hR -- ${shellQuote(owner)} "$from"
mkdir -p -- "$to"
cp -af -- "$from/." "$to/"`;
}

function unsupported(path: string): GoqemuError {
  return new GoqemuError({
    code: 'upload-unsupported',
    source: 'user',
    subject: path,
    message: `${path} is neither a file, nor a folder, nor a symbolic link`,
    hint: 'leave sockets, pipes and devices out of what is uploaded',
  });
}

function modeOfFolder(source: string): GoqemuError {
  return new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: 'mode',
    message: `${source} is a folder: a mode can be given for a file only`,
    hint: 'folders keep the modes that they have on this host',
  });
}
