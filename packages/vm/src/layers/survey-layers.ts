import { basename, dirname, join } from 'node:path';
import { allocatedClusters } from './allocated-clusters.ts';
import { backingFile } from './backing-chain.ts';
import type { Layer, LayerStore } from './layer-store.ts';
import { machineDisks } from './machine-disks.ts';

/** A layer of a lab, with what stands on its disk. */
export interface SurveyedLayer {
  readonly layer: Layer;
  /** Bytes that its own files take, RAM included. */
  readonly bytes: number;
  /** The file that its disk stands on. */
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
  const byId = new Map(layers.map((layer) => [layer.manifest.id, layer]));
  const below = new Map<string, string | undefined>();
  for (const layer of layers) below.set(layer.manifest.id, await backingFile(diskOf(layer)));
  const idOf = (file: string | undefined) =>
    file !== undefined && dirname(dirname(file)) === store.folder ? basename(dirname(file)) : undefined;

  const pinned = new Set<string>();
  const pin = async (start: string | undefined) => {
    for (let file = start; file !== undefined; ) {
      const id = idOf(file);
      if (id === undefined || pinned.has(id)) return;
      pinned.add(id);
      file = byId.has(id) ? below.get(id) : await backingFile(file);
    }
  };
  const above = new Map<string, Layer[]>();
  for (const layer of layers) {
    const { owners, id } = layer.manifest;
    if (owners.some((owner) => owner !== lineage)) await pin(diskOf(layer));
    // A process that was killed between giving a layer another disk and moving the old name there left two.
    for (const old of layer.manifest.disk.formerly ?? []) {
      const former = await backingFile(join(layer.folder, old));
      if (former !== below.get(id)) await pin(former);
    }
    const under = idOf(below.get(id));
    if (under === undefined) continue;
    // A folder that is no layer, and that a disk is based on all the same: what is below it must not change.
    if (!byId.has(under)) await pin(below.get(id));
    else above.set(under, [...(above.get(under) ?? []), layer]);
  }
  const direct = new Set<string>();
  for (const disk of await machineDisks(labsFolder)) {
    const file = await backingFile(disk);
    const id = idOf(file);
    if (id !== undefined) direct.add(id);
    const isOwn = basename(dirname(dirname(disk))).endsWith(`-${lineage}`);
    if (!isOwn || (id !== undefined && !byId.has(id))) await pin(file);
  }

  const surveyed = new Map<string, SurveyedLayer>();
  for (const layer of layers) {
    const { id, key, owners } = layer.manifest;
    if (!owners.includes(lineage)) continue;
    const bytes = await store.bytes(layer);
    const standing = above.get(id) ?? [];
    surveyed.set(key, {
      layer,
      bytes,
      below: below.get(id),
      parent: byId.get(idOf(below.get(id)) ?? '')?.manifest.key,
      above: await Promise.all(
        standing.map(async (upper) => ({
          key: upper.manifest.key,
          saves: Math.max(0, bytes - (await growth(store, layer, upper))),
        })),
      ),
      isPinned: pinned.has(id) || direct.has(id),
    });
  }
  return surveyed;
}

/** Bytes that an upper disk grows by when it takes in what the lower one holds and it does not hold itself. */
async function growth(store: LayerStore, lower: Layer, upper: Layer): Promise<number> {
  const [whole, under, over] = await Promise.all([
    store.diskBytes(lower),
    allocatedClusters(diskOf(lower)),
    allocatedClusters(diskOf(upper)),
  ]);
  if (!under || !over || under.size !== over.size) return whole;
  return Math.min(whole, under.held.filter((cluster) => !over.isHeld(cluster)).length * under.size);
}

/** The file that a layer's disk is. */
export function diskOf({ folder, manifest }: Layer): string {
  return join(folder, manifest.disk.name);
}
