import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GoqemuError } from '@goqemu/core';
import { backingChain, isQcow2 } from './backing-chain.ts';
import type { Layer, LayerStore } from './layer-store.ts';
import { isRunning } from './working-process.ts';

/** Layers below one another from which reading takes notably longer: 20,000 small reads 0.25 s at 8, 0.6 s at 32. */
export const deepChain = 16;

export interface FlattenOptions {
  /** Absolute path of qemu-img, asked for when there is something to do. */
  readonly qemuImg: () => Promise<string>;
  readonly signal?: AbortSignal;
  /** Told how far it has come, for the debug log. */
  readonly onStage?: (stage: string) => void;
}

export interface Flattened {
  readonly layer: Layer;
  /** Layers that its disk stood on. */
  readonly depth: number;
  /** Bytes that its own disk file takes; those of the layers below are free when nothing else needs them. */
  readonly bytes: { readonly before: number; readonly after: number };
}

/** Flattens a layer that stands on more than {@link deepChain} others. */
export async function flattenWhenDeep(
  store: LayerStore,
  layer: Layer,
  options: FlattenOptions,
): Promise<Flattened | undefined> {
  return (await depthOf(store, layer)) > deepChain ? await flattenLayer(store, layer, options) : undefined;
}

async function depthOf(store: LayerStore, { folder, manifest }: Layer): Promise<number> {
  const chain = await backingChain(join(folder, manifest.disk.name));
  return chain.filter((file) => isInStore(store, file)).length;
}

/**
 * Gives a layer a disk of its own that stands on the image alone, with the same content. No file that somebody may have
 * open is written to: the new disk gets a name of its own, then the manifest names it, and then the old name leads to it
 * too, for the disks that stand on it. A QEMU that runs goes on with the files that it has open, and finds the short way
 * at its next start. Whoever is killed on the way leaves the old disk or the new one, which read the same.
 *
 * @returns undefined for a layer that stands on the image already
 * @throws GoqemuError `flatten-failed` with qemu-img's reason, `no-room`
 */
export async function flattenLayer(
  store: LayerStore,
  layer: Layer,
  options: FlattenOptions,
): Promise<Flattened | undefined> {
  await settleFlattened(layer);
  const old = join(layer.folder, layer.manifest.disk.name);
  const chain = await backingChain(old);
  const depth = await depthOf(store, layer);
  const image = chain.at(-1);
  if (depth === 0 || !image || isInStore(store, image)) return undefined;
  const draft = join(layer.folder, `flattening-${process.pid}-${randomBytes(4).toString('hex')}`);
  const name = `disk-${randomBytes(4).toString('hex')}.qcow2`;
  try {
    await copyFile(old, draft, constants.COPYFILE_FICLONE);
    options.onStage?.('flatten: the top is copied');
    await rebase(draft, image, layer, options);
    await makeDurable(draft);
    options.onStage?.('flatten: the new disk is whole');
    const before = await store.diskBytes(layer);
    const { size } = await stat(draft);
    await rename(draft, join(layer.folder, name));
    options.onStage?.('flatten: the new disk has its name');
    const flat = await store.replaceDisk(layer, { name, size });
    options.onStage?.('flatten: the manifest names it');
    await lead(layer.folder, layer.manifest.disk.name, name);
    options.onStage?.('flatten: the old name leads to it');
    return { layer: flat, depth, bytes: { before, after: await store.diskBytes(flat) } };
  } finally {
    await rm(draft, { force: true });
  }
}

/** Finishes what one who was killed left: the former name of a disk is led to the manifest's, and drafts go. */
async function settleFlattened({ folder, manifest }: Layer): Promise<void> {
  const { name, formerly = [] } = manifest.disk;
  for (const draft of await readdir(folder)) {
    const pid = /^flattening-(\d+)-/.exec(draft)?.[1];
    if (pid && !isRunning(Number(pid))) await rm(join(folder, draft), { force: true });
  }
  if (formerly.length === 0) return;
  const { ino } = await stat(join(folder, name));
  for (const old of formerly) if ((await stat(join(folder, old))).ino !== ino) await lead(folder, old, name);
}

/** Lets an old name lead to the new file, in one step. */
async function lead(folder: string, old: string, name: string): Promise<void> {
  const between = join(folder, `flattening-${process.pid}-${randomBytes(4).toString('hex')}`);
  await link(join(folder, name), between);
  await rename(between, join(folder, old));
}

/** qemu-img(1), rebase: what differs between the old chain and the image is copied into the overlay. */
async function rebase(draft: string, image: string, layer: Layer, options: FlattenOptions): Promise<void> {
  const format = (await isQcow2(image)) ? 'qcow2' : 'raw';
  const { execa } = await import('execa'); // late: most commands start no program
  const command = [await options.qemuImg(), 'rebase', '-f', 'qcow2', '-b', image, '-F', format, draft];
  // Nobody waits for it, and machines run meanwhile.
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
    code: full ? 'no-room' : 'flatten-failed',
    source: 'environment',
    subject: layer.manifest.id,
    message: full
      ? `there is no room to write the disk of checkpoint ${layer.manifest.id} as one file`
      : `the disk of checkpoint ${layer.manifest.id} could not be written as one file`,
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

function isInStore(store: LayerStore, file: string): boolean {
  return dirname(dirname(file)) === store.folder;
}
