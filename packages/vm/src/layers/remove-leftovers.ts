import { join } from 'node:path';
import {
  folderNames,
  removeAbandonedDrafts,
  removeDeadLock,
  removeFile,
  removeTreeUnlessHeld,
  removeUnlessHeld,
} from '@goqemu/core';
import type { LayerManifest } from './layer-manifest.ts';
import type { LayerStore } from './layer-store.ts';
import { removeRebaseDrafts } from './rebase-drafts.ts';
import { isAtWork, isWorkMark } from './working-process.ts';

/** The work that marks a layer's folder. */
export const cutting = 'cutting';

/**
 * Removes what killed processes left: folders of layers that were never finished, or are half gone, and RAM that no
 * manifest names. What a machine stands on stays, and so does what a living process works on.
 *
 * @param standing folders of layers that a disk stands on
 * @param files the disks in them that it stands on
 */
export async function removeLeftovers(
  store: LayerStore,
  standing: ReadonlySet<string>,
  files: ReadonlySet<string> = new Set(),
): Promise<void> {
  const layers = new Map((await store.list()).map((layer) => [layer.manifest.id, layer]));
  const ids = new Set([...(await layerFolders(store.folder)), ...(await layerFolders(store.memoryFolder))]);
  for (const id of ids) {
    if (await isBeingCut(join(store.folder, id))) continue;
    const manifest = layers.get(id)?.manifest;
    if (manifest || standing.has(id)) {
      await removeForgotten(store, id, manifest);
      if (manifest) await removeLostDisks(join(store.folder, id), manifest, files);
      await removeAbandonedDrafts(join(store.folder, id)); // of manifests
      await removeRebaseDrafts(join(store.folder, id));
    } else for (const place of [store.folder, store.memoryFolder]) await removeTreeUnlessHeld(join(place, id));
  }
  await removeAbandonedDrafts(join(store.folder, 'groups'));
  await removeAbandonedDrafts(store.folder); // of locks
  for (const name of await folderNames(store.folder))
    if (/^[0-9a-f]{12}\.lock$/.test(name)) await removeDeadLock(join(store.folder, name));
}

/** RAM and UEFI variables are written under a new name each time, and forgotten by the manifest before they go. */
async function removeForgotten(store: LayerStore, id: string, manifest: LayerManifest | undefined): Promise<void> {
  const named = new Set([manifest?.ram?.name, manifest?.state?.name, manifest?.variables?.name]);
  for (const place of [store.folder, store.memoryFolder])
    for (const name of await folderNames(join(place, id)))
      if (/^(ram|state|variables)-/.test(name) && !named.has(name)) await removeUnlessHeld(join(place, id, name));
  if (manifest?.ram?.store !== 'memory') await removeTreeUnlessHeld(join(store.memoryFolder, id));
}

/** A layer that was lost and cut again has another disk; the old one stays while something stands on it. */
async function removeLostDisks(folder: string, { disk }: LayerManifest, files: ReadonlySet<string>): Promise<void> {
  const named = new Set([disk.name, ...(disk.formerly ?? [])]);
  for (const name of await folderNames(folder))
    if (/^disk-.*\.qcow2$/.test(name) && !named.has(name) && !files.has(join(folder, name)))
      await removeUnlessHeld(join(folder, name));
}

async function layerFolders(folder: string): Promise<readonly string[]> {
  return (await folderNames(folder)).filter((name) => /^[0-9a-f]{12}$/.test(name));
}

/** A cut marks its folder with the process that works there; marks of those that were killed go. */
async function isBeingCut(folder: string): Promise<boolean> {
  for (const name of await folderNames(folder)) {
    if (!isWorkMark(name, cutting)) continue;
    if (await isAtWork(name, cutting)) return true;
    await removeFile(join(folder, name));
  }
  return false;
}
