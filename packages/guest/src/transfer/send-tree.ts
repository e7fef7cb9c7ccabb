import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { GoqemuError, type LocalEntry, type LocalFile, type LocalLink } from '@goqemu/core';
import { forEachAtOnce, inChunks } from './chunks.ts';
import type { Sftp } from './sftp.ts';

/** With its path in the guest. */
type Placed<Entry> = Entry & { readonly remote: string };

export interface Sending {
  readonly signal: AbortSignal;
  /** Called with the bytes of file contents that have been moved so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Sends what `localTree` found to `target`. Folders that are there already keep their owner and mode. */
export async function sendTree(
  sftp: Sftp,
  entries: readonly LocalEntry[],
  target: string,
  { signal, onProgress }: Sending,
): Promise<void> {
  const files: Placed<LocalFile>[] = [];
  const links: Placed<LocalLink>[] = [];
  const made: { readonly remote: string; readonly mode: number }[] = [];
  if (entries[0]?.kind === 'file') await ensureFolder(sftp, posix.dirname(target));
  for (const entry of entries) {
    const remote = posix.join(target, entry.name);
    if (entry.kind === 'file') files.push({ ...entry, remote });
    else if (entry.kind === 'link') links.push({ ...entry, remote });
    else if (await ensureFolder(sftp, remote)) made.push({ remote, mode: entry.mode });
  }
  let moved = 0;
  const progress = (bytes: number) => {
    moved += bytes;
    onProgress?.(moved);
  };
  await forEachAtOnce(files, 8, (file) => sendFile(sftp, file, signal, progress));
  for (const link of links) await sendLink(sftp, link);
  // Innermost first: a folder may forbid writing into it.
  for (const folder of made.reverse()) await sftp.changeFolderMode(folder.remote, folder.mode);
}

/** Whether it had to be made. */
async function ensureFolder(sftp: Sftp, path: string): Promise<boolean> {
  const found = await sftp.statIfThere(path);
  if (found?.isDirectory()) return false;
  if (!found && posix.dirname(path) !== path) await ensureFolder(sftp, posix.dirname(path));
  await sftp.makeFolder(path, 0o755);
  return true;
}

const draftOf = (remote: string) => posix.join(posix.dirname(remote), `.goqemu-${randomBytes(8).toString('hex')}`);

async function sendFile(
  sftp: Sftp,
  file: Placed<LocalFile>,
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
        for (let done = 0; done < length; ) {
          const { bytesRead } = await local.read(buffer, done, length - done, position + done);
          if (bytesRead === 0) throw sourceChanged(file.path); // else the rest would silently be zeros
          done += bytesRead;
        }
        await sftp.write(handle, buffer.subarray(0, length), position);
        progress(length);
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

async function sendLink(sftp: Sftp, link: Placed<LocalLink>): Promise<void> {
  const draft = draftOf(link.remote);
  await sftp.symlink(link.target, draft);
  await sftp.replace(draft, link.remote);
}

function sourceChanged(path: string): GoqemuError {
  return new GoqemuError({
    code: 'upload-source-changed',
    source: 'environment',
    subject: path,
    message: `${path} became shorter while it was uploaded`,
    hint: 'upload it when nothing writes to it',
  });
}
