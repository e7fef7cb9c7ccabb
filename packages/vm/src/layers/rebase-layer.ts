import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FileOperations,
  GoqemuError,
  hostFileOperations,
  removeFile,
  removeUnlessHeld,
  replaceFile,
  replaceUnlessHeld,
} from '@goqemu/core';
import { isQcow2 } from './backing-chain.ts';
import type { Layer } from './layer.ts';
import type { LayerStore } from './layer-store.ts';
import { rebaseDraft, removeRebaseDrafts } from './rebase-drafts.ts';

export interface RebaseOptions {
  /** Absolute path of qemu-img, asked for when there is something to do. */
  readonly qemuImg: () => Promise<string>;
  readonly signal?: AbortSignal;
  /** What removes and renames; injected in tests. */
  readonly files?: FileOperations;
  /** Called with how far it is, for the debug log. */
  readonly onStage?: (stage: string) => void;
}

/** Where the disk of a layer is to stand. */
export interface RebaseTarget {
  /** Absolute path of a file that it stands on already, directly or not. */
  readonly file: string;
  /** Key of the layer that the file belongs to; absent for an image. The manifest stays as it is when undefined. */
  readonly parent?: string | null;
}

/** A layer of a store that is to stand somewhere else. */
export interface LayerRebase {
  readonly store: LayerStore;
  readonly layer: Layer;
  readonly target: RebaseTarget;
}

/** Why a disk is rewritten, for errors. */
export interface RebasePurpose {
  readonly code: 'flatten-failed' | 'coalesce-failed';
  /** Ends the sentence `the disk of checkpoint 0123456789ab could not be`. */
  readonly what: string;
}

export interface Rebased {
  readonly layer: Layer;
  /** Bytes that its own disk file takes. */
  readonly bytes: { readonly before: number; readonly after: number };
}

/**
 * Gives a layer a disk of its own that stands on a file further down, with the same content. No file that a process may
 * have open is written to: the new disk gets a name of its own, then the manifest names it, and then the old name points
 * to it too, for the disks that are based on it. A running QEMU keeps the files that it has open, and uses the new disk
 * from its next start. A process that is killed midway leaves the old disk or the new one, which read the same.
 *
 * @throws GoqemuError with the code of the purpose and qemu-img's reason, `no-room`
 */
export async function rebaseLayer(
  { store, layer, target }: LayerRebase,
  purpose: RebasePurpose,
  options: RebaseOptions,
): Promise<Rebased> {
  await settleRebased(layer, options.files);
  const old = join(layer.folder, layer.manifest.disk.name);
  const draft = join(layer.folder, rebaseDraft());
  const name = `disk-${randomBytes(4).toString('hex')}.qcow2`;
  try {
    await copyFile(old, draft, constants.COPYFILE_FICLONE);
    options.onStage?.('rebase: the top is copied');
    await rebase({ draft, below: target.file, layer }, purpose, options);
    await makeDurable(draft);
    options.onStage?.('rebase: the new disk is whole');
    const before = await store.diskBytes(layer);
    const { size } = await stat(draft);
    await replaceFile(draft, join(layer.folder, name));
    options.onStage?.('rebase: the new disk has its name');
    const written = await store.replaceDisk(layer, { name, size }, target.parent);
    options.onStage?.('rebase: the manifest names it');
    // All of them: the machine or the layer that knows it by its first name would stand on the old chain for ever.
    for (const old of written.manifest.disk.formerly ?? []) await lead(layer.folder, old, name, options.files);
    options.onStage?.('rebase: the old name points to it');
    return { layer: written, bytes: { before, after: await store.diskBytes(written) } };
  } finally {
    await removeFile(draft);
  }
}

/** Finishes what a killed process left: the former name of a disk is pointed at the manifest's, and drafts are removed. */
export async function settleRebased(
  { folder, manifest }: Layer,
  files: FileOperations = hostFileOperations,
): Promise<void> {
  const { name, formerly = [] } = manifest.disk;
  await removeRebaseDrafts(folder);
  if (formerly.length === 0) return;
  const { ino } = await stat(join(folder, name), { bigint: true }); // NTFS has numbers beyond those of a double
  for (const old of formerly)
    if ((await stat(join(folder, old), { bigint: true })).ino !== ino) await lead(folder, old, name, files);
}

/**
 * Points an old name at the new file, in one step. Where a running QEMU has the old file open, and the host does not
 * replace it then, that waits for the next time that the layer is looked at.
 */
async function lead(folder: string, old: string, name: string, files = hostFileOperations): Promise<void> {
  const between = join(folder, rebaseDraft());
  await link(join(folder, name), between);
  if (!(await replaceUnlessHeld(between, join(folder, old), files))) await removeUnlessHeld(between, files);
}

/** qemu-img(1), rebase: what differs between the old chain and the new one is copied into the overlay. */
async function rebase(
  { draft, below, layer }: { readonly draft: string; readonly below: string; readonly layer: Layer },
  { code, what }: RebasePurpose,
  options: RebaseOptions,
): Promise<void> {
  const format = (await isQcow2(below)) ? 'qcow2' : 'raw';
  const { execa } = await import('execa'); // late: most commands start no program
  const command = [await options.qemuImg(), 'rebase', '-f', 'qcow2', '-b', below, '-F', format, draft];
  // Nothing waits for it, and machines run meanwhile.
  const [program = '', ...args] = process.platform === 'win32' ? command : ['nice', '-n', '10', ...command];
  const result = await execa(program, args, {
    reject: false,
    env: { LC_ALL: 'C' },
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  options.signal?.throwIfAborted();
  if (result.exitCode === 0) return;
  const full = /No space left/.test(result.stderr);
  throw new GoqemuError({
    code: full ? 'no-room' : code,
    source: 'environment',
    subject: layer.manifest.id,
    message: full
      ? `there is no room for the disk of checkpoint ${layer.manifest.id} to be ${what}`
      : `the disk of checkpoint ${layer.manifest.id} could not be ${what}`,
    detail: result.stderr || result.shortMessage || 'qemu-img gave no reason',
    hint: 'nothing was changed: the checkpoint stands on the layers that it stood on',
    cause: result.cause,
  });
}

async function makeDurable(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
