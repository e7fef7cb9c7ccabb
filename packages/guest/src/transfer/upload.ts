import { basename, posix } from 'node:path';
import { GoqemuError, type LocalEntry, localTree, refuseNul } from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { checkOwner } from './owner.ts';
import { placeStaged } from './place-staged.ts';
import { sendTree } from './send-tree.ts';
import { type Sftp, type TransferOptions, withSftp } from './sftp.ts';
import { withStage } from './stage.ts';

export interface UploadOptions extends TransferOptions {
  /** `user` or `user:group` of the guest for files, links and new folders; implies `asRoot`. @default root:root as root */
  readonly owner?: string;
  /** Writes with root's rights, through sudo: for folders that the session's user may not write to. */
  readonly asRoot?: boolean;
  /** Permission bits of the file; default: those of the source. Not for folders, which keep theirs. */
  readonly mode?: number;
}

/**
 * Copies a file to `destination` (into it, when it is a folder or ends with `/`), or the contents of a folder into
 * the folder `destination`, which need not exist. A source that is a symbolic link is followed.
 *
 * Files, links and new folders get the modes that they have here, set-id bits included; times are not kept. Folders
 * that are there already keep their owner and mode, also where a link points to them. Each file appears whole or not at
 * all, in the place of a file or a link of that name, which is not written through. Folders on the way to
 * `destination` are made with mode 0755.
 *
 * @throws GoqemuError `upload-source-missing`, also for a link that leads nowhere; `upload-unsupported` (sockets, pipes,
 * devices), `upload-source-changed`, `guest-file-denied`, `connection-lost`, `timeout` when it stalls
 */
export async function upload(
  session: SessionAccess,
  source: string,
  destination: string,
  options: UploadOptions,
): Promise<void> {
  refuseNul(destination, 'the destination');
  if (options.owner !== undefined) checkOwner(options.owner);
  const entries = withMode(source, await localTree(source), options.mode);
  const isFile = entries[0]?.kind === 'file';
  const what = `upload of ${source} to ${destination}`;
  if (!options.asRoot && options.owner === undefined) {
    await withSftp(session, what, options, async (sftp, signal) => {
      const target = isFile ? await fileTarget(sftp, source, destination) : destination;
      await sendTree(sftp, entries, target, { signal, onProgress: options.onProgress });
    });
    return;
  }
  await stageAndPlace(session, { source, destination, entries, what }, options);
}

function withMode(source: string, entries: readonly LocalEntry[], mode: number | undefined): readonly LocalEntry[] {
  const [first] = entries;
  if (mode === undefined || !first) return entries;
  if (first.kind !== 'file') throw modeOfFolder(source);
  return [{ ...first, mode: mode & 0o7777 }];
}

async function fileTarget(sftp: Sftp, source: string, destination: string): Promise<string> {
  const intoFolder = destination.endsWith('/') || (await sftp.statIfThere(destination))?.isDirectory();
  return intoFolder ? posix.join(destination, basename(source)) : destination;
}

interface Upload {
  readonly source: string;
  readonly destination: string;
  readonly entries: readonly LocalEntry[];
  /** For errors and logs. */
  readonly what: string;
}

/** SFTP has the rights of the session's user only, so the copy goes to a private folder first and root moves it on. */
async function stageAndPlace(
  session: SessionAccess,
  { source, destination, entries, what }: Upload,
  options: UploadOptions,
): Promise<void> {
  await withStage(session, { what, signal: options.signal }, async (stage) => {
    const staged = posix.join(stage, 'content');
    await withSftp(session, what, options, (sftp, stop) =>
      sendTree(sftp, entries, staged, { signal: stop, onProgress: options.onProgress }),
    );
    const script = placeStaged({ staged, source, destination, owner: options.owner ?? 'root:root', entries });
    const label = `placing the ${what}`;
    const signal = options.signal ? { signal: options.signal } : {};
    assertSucceeded(await session.exec(script, { user: 'root', label, ...signal }), label);
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
