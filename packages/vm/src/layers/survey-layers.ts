import { basename, dirname, join } from 'node:path';
import { type AllocatedClusters, allocatedClusters } from './allocated-clusters.ts';
import { backingFile } from './backing-chain.ts';
import type { Layer } from './layer.ts';
import { LayerBases } from './layer-bases.ts';
import { belowFolder, diskOf, ownDisks } from './layer-disks.ts';
import type { LayerStore } from './layer-store.ts';
import { machineDisks } from './machine-disks.ts';

/** A layer of a lab, with what stands on its disk. */
export interface SurveyedLayer {
  readonly layer: Layer;
  /** Bytes that its own files take, RAM included. */
  readonly bytes: number;
  /** The file of another layer, or the image, that its disk stands on. */
  readonly below: string | undefined;
  /** Key of the layer that its disk stands on; undefined for an image. */
  readonly parent: string | undefined;
  /** Layers whose disks stand directly on it, with the bytes that are free once it is a part of that one. */
  readonly above: readonly { readonly key: string; readonly saves: number }[];
  /** Another lab has it or stands on it, or a machine's disk stands directly on it: it stays as it is. */
  readonly isPinned: boolean;
}

export interface SurveyOptions {
  readonly store: LayerStore;
  /** The folder of all labs: the disks of their machines stand on layers. */
  readonly labsFolder: string;
  readonly lineage: string;
}

/** Looks at the layers of one lab and at what stands on them. Read-only. */
export async function surveyLayers({
  store,
  labsFolder,
  lineage,
}: SurveyOptions): Promise<ReadonlyMap<string, SurveyedLayer>> {
  const layers = await store.list();
  const bases = await LayerBases.read(store, layers);
  const above = await layersAbove(bases, layers, lineage);
  const carrying = await carryingMachines(bases, labsFolder, lineage);
  const surveyed = new Map<string, SurveyedLayer>();
  for (const layer of layers) {
    const { id, key, owners } = layer.manifest;
    if (!owners.includes(lineage)) continue;
    const bytes = await store.bytes(layer);
    const standing = above.get(id) ?? [];
    surveyed.set(key, {
      layer,
      bytes,
      below: bases.below(layer),
      parent: bases.parent(layer)?.manifest.key,
      above: await Promise.all(
        standing.map(async (upper) => ({
          key: upper.manifest.key,
          saves: Math.max(0, bytes - (await growth(store, layer, upper))),
        })),
      ),
      isPinned: bases.isPinned(layer) || carrying.has(id),
    });
  }
  return surveyed;
}

/** By the id of a layer, those whose disks stand directly on it; pins what other labs and leftovers stand on. */
async function layersAbove(
  bases: LayerBases,
  layers: readonly Layer[],
  lineage: string,
): Promise<ReadonlyMap<string, readonly Layer[]>> {
  const above = new Map<string, Layer[]>();
  for (const layer of layers) {
    const { owners } = layer.manifest;
    const below = bases.below(layer);
    await bases.pinBelowFormer(below);
    if (owners.some((owner) => owner !== lineage)) await bases.pin(diskOf(layer));
    // A process that was killed between giving a layer another disk and moving the old name there left two.
    for (const old of layer.manifest.disk.formerly ?? []) {
      const former = await belowFolder(join(layer.folder, old));
      if (former !== below) await bases.pin(former);
    }
    const under = bases.idOf(below);
    if (under === undefined) continue;
    // A folder that is no layer, and that a disk is based on all the same: what is below it must not change.
    if (!bases.has(under)) await bases.pin(below);
    else above.set(under, [...(above.get(under) ?? []), layer]);
  }
  return above;
}

/** Ids of layers that a machine's disk stands directly on; pins what machines of other labs stand on. */
async function carryingMachines(bases: LayerBases, labsFolder: string, lineage: string): Promise<ReadonlySet<string>> {
  const carrying = new Set<string>();
  for (const disk of await machineDisks(labsFolder)) {
    const file = await backingFile(disk);
    const id = bases.idOf(file);
    await bases.pinBelowFormer(file);
    if (id !== undefined) carrying.add(id);
    const isOwn = basename(dirname(dirname(disk))).endsWith(`-${lineage}`);
    if (!isOwn || (id !== undefined && !bases.has(id))) await bases.pin(file);
  }
  return carrying;
}

/** Bytes that an upper disk grows by when it takes in what the lower one holds and it does not hold itself. */
async function growth(store: LayerStore, lower: Layer, upper: Layer): Promise<number> {
  const [whole, under, over] = await Promise.all([
    store.diskBytes(lower),
    clustersOf(lower),
    allocatedClusters(diskOf(upper)),
  ]);
  if (!under || !over || under.size !== over.size) return whole;
  return Math.min(whole, under.held.filter((cluster) => !over.isHeld(cluster)).length * under.size);
}

/** What all of a layer's own disks hold. */
async function clustersOf(layer: Layer): Promise<Pick<AllocatedClusters, 'size' | 'held'> | undefined> {
  const disks = await Promise.all((await ownDisks(layer)).map(allocatedClusters));
  const size = disks[0]?.size;
  if (size === undefined || !disks.every((disk) => disk?.size === size)) return undefined;
  return { size, held: [...new Set(disks.flatMap((disk) => disk?.held ?? []))] };
}
