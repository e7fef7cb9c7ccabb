import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  folderNames,
  type KeptTwice,
  parseJson,
  readTwice,
  removeFile,
  removeTwice,
  statIfThere,
  writeTwice,
} from '@goqemu/core';
import type { Layer } from '../layers/layer.ts';
import { fileDamage } from '../layers/layer-damage.ts';
import { type LayerManifest, layerManifestSchema, ramParts } from '../layers/layer-manifest.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmFolder } from '../vm/vm-folder.ts';
import type { VmState } from '../vm/vm-state.ts';

/**
 * What a suspended machine resumes from: RAM and devices in its own folder, described as those of a layer are, whose disk is
 * the machine's. It counts while `vm.json` says so, which also has the time at which the disk was last written to: RAM that
 * is older than its disk would destroy that.
 */
export type Suspension = Pick<Layer, 'manifest' | 'folder'>;

/** Undefined for a machine that is not suspended. */
export function readSuspension(folder: VmFolder): KeptTwice<LayerManifest> | undefined {
  return readTwice(folder.suspension, (text) => {
    const parsed = layerManifestSchema.safeParse(parseJson(text));
    return parsed.success ? parsed.data : undefined;
  });
}

export async function writeSuspension(folder: VmFolder, manifest: LayerManifest): Promise<void> {
  await writeTwice(folder.suspension, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
}

/** What `vm.json` notes of a machine that has just ended to be suspended. */
export async function suspensionMark(folder: VmFolder, disk: string): Promise<NonNullable<VmState['suspended']>> {
  return { diskModified: (await stat(folder.file(disk))).mtimeMs };
}

/** Why the RAM of a suspended machine is lost, as cheaply as a plan can afford; undefined when it is there. */
export async function suspensionDamage(
  folder: VmFolder,
  { disk, suspended }: Pick<VmState, 'disk' | 'suspended'>,
): Promise<string | undefined> {
  const manifest = readSuspension(folder)?.value;
  if (!manifest) return `${basename(folder.suspension)} is missing or damaged`;
  const parts = ramParts(manifest);
  if (!parts) return `${basename(folder.suspension)} names no RAM`;
  for (const file of parts) {
    const damage = await fileDamage(folder.file(file.name), file);
    if (damage) return damage;
  }
  const found = await statIfThere(folder.file(disk));
  return found?.mtimeMs === suspended?.diskModified ? undefined : 'its disk was written to since it was suspended';
}

/** The file that says what there is goes first. Nothing happens where there is none. */
export async function removeSuspension(folder: VmFolder): Promise<void> {
  await removeTwice(folder.suspension);
  for (const name of await folderNames(folder.path)) if (/^suspended-/.test(name)) await removeFile(folder.file(name));
}

/** Gives up the RAM of a machine that is suspended: from then on it is stopped. */
export async function dropSuspension(vm: Vm): Promise<void> {
  if ((await vm.state()).suspended) await vm.update({ suspended: undefined });
  await removeSuspension(vm.folder);
}
