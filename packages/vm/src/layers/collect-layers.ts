import { basename, dirname, join } from 'node:path';
import { removeDeletedFolders } from '../vm/deleted-folders.ts';
import { backingChain } from './backing-chain.ts';
import type { Layer } from './layer.ts';
import { layerDamage } from './layer-damage.ts';
import type { LayerStore } from './layer-store.ts';
import { machineDisks } from './machine-disks.ts';
import { removeLeftovers } from './remove-leftovers.ts';

export interface CollectLayersOptions {
  readonly store: LayerStore;
  /** The folder of all labs: the disks of their machines stand on layers. */
  readonly labsFolder: string;
  /** The lab that collects. */
  readonly lineage: string;
  readonly keep: readonly string[];
  /** Only tells what would go. */
  readonly dryRun?: boolean;
}

export interface Collected {
  /** Layers that went, or would go. */
  readonly removed: number;
  /** Bytes that they and the RAM of others took. */
  readonly bytes: number;
  /** Ids of the layers that went, oldest last. */
  readonly ids: readonly string[];
  /** Keys of the layers that are the lab's no more, also those that another lab has still. */
  readonly gone: readonly string[];
  /** Layers that a disk stands on, with the bytes of RAM that they gave up. */
  readonly stripped: readonly { readonly key: string; readonly bytes: number }[];
}

/** Removes the layers of one lab that nothing reaches any more. */
export async function collectLayers(options: CollectLayersOptions): Promise<Collected> {
  const { store, lineage, dryRun = false } = options;
  if (!dryRun) await removeDeletedFolders(options.labsFolder);
  const keep = new Set(options.keep);
  const layers = await store.list();
  const { folders: standing, files } = await reachable(options, layers, keep);
  const ids: string[] = [];
  const gone: string[] = [];
  const stripped: { key: string; bytes: number }[] = [];
  let bytes = 0;
  for (const layer of [...layers].reverse()) {
    const { manifest } = layer;
    if (!manifest.owners.includes(lineage)) continue;
    const { disk: isLost, ram: isRamLost } = await layerDamage(store, layer);
    if (isRamLost && !dryRun) await store.dropRam(layer);
    if (keep.has(manifest.key) && !isLost) continue;
    const isShared = manifest.owners.length > 1;
    const before = await store.bytes(layer);
    if (isShared) {
      if (!dryRun) await store.disown(manifest.key, lineage);
      gone.push(manifest.key);
    } else if (standing.has(basename(layer.folder))) {
      // A disk needs it: it stays as a layer without RAM or name.
      const { ram: _ram, state: _state, ...rest } = manifest;
      const ram = before - (await store.bytes({ ...layer, manifest: rest }));
      stripped.push({ key: manifest.key, bytes: ram });
      bytes += ram;
      if (!dryRun) await strip(store, layer);
    } else {
      if (!dryRun && !(await store.disown(manifest.key, lineage))) continue; // another lab uses it by now
      ids.push(manifest.id);
      gone.push(manifest.key);
      bytes += before;
    }
  }
  if (!dryRun) {
    await removeLeftovers(store, standing, files);
    await store.removeEmptyGroups();
  }
  return { removed: ids.length, bytes, ids, gone, stripped };
}

async function strip(store: LayerStore, layer: Layer): Promise<void> {
  const { manifest } = await store.dropRam(layer);
  if (manifest.descriptions.length > 0)
    await store.change(manifest.key, (present) => ({ ...present, descriptions: [] }));
}

/** Folders of layers, and files in them, that a kept layer, another lab's layer or a machine's disk stands on. */
async function reachable(
  { store, labsFolder, lineage }: CollectLayersOptions,
  layers: readonly Layer[],
  keep: ReadonlySet<string>,
): Promise<{ readonly folders: ReadonlySet<string>; readonly files: ReadonlySet<string> }> {
  const roots = await machineDisks(labsFolder);
  for (const { manifest, folder } of layers) {
    const wanted = keep.has(manifest.key) || manifest.owners.some((owner) => owner !== lineage);
    if (wanted) roots.push(join(folder, manifest.disk.name));
  }
  const files = new Set<string>();
  for (const root of roots) {
    for (const file of await backingChain(root)) if (dirname(dirname(file)) === store.folder) files.add(file);
  }
  return { folders: new Set([...files].map((file) => basename(dirname(file)))), files };
}
