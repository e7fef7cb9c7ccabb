import { basename, dirname, join } from 'node:path';
import { statIfThere } from '@goqemu/core';
import { backingChain } from './backing-chain.ts';
import type { Layer } from './layer.ts';
import type { LayerStore } from './layer-store.ts';
import { machineDisks } from './machine-disks.ts';

/** A layer with what stands on it. */
export interface LayerNode {
  readonly layer: Layer;
  /** Ids of the layers that its disk stands on, nearest first. */
  readonly below: readonly string[];
  /** Layers whose disks stand directly on this one's, oldest first. */
  readonly children: readonly LayerNode[];
  /** Disks of machines that stand directly on it. */
  readonly machineDisks: readonly string[];
  /**
   * Bytes on the disk: `unique` would be free if the layer were deleted now; `shared` it needs, and so does something
   * else that stays.
   */
  readonly bytes: { readonly unique: number; readonly shared: number };
}

/** All layers as the forest that their disks make; roots stand on images. */
export async function layerTree(store: LayerStore, labsFolder: string): Promise<readonly LayerNode[]> {
  const layers = await store.list();
  const below = new Map<string, readonly string[]>();
  for (const { manifest, folder } of layers)
    below.set(manifest.id, await layersBelow(store, join(folder, manifest.disk.name)));
  const disks = new Map<string, string[]>();
  for (const disk of await machineDisks(labsFolder)) {
    const [nearest] = await layersBelow(store, disk);
    if (nearest) disks.set(nearest, [...(disks.get(nearest) ?? []), disk]);
  }
  const whole = new Map(layers.map((layer) => [layer.manifest.id, layer]));
  const sizes = new Map<string, { readonly disk: number; readonly all: number }>();
  for (const layer of layers)
    sizes.set(layer.manifest.id, { disk: await diskBytes(layer), all: await store.bytes(layer) });

  const node = (layer: Layer): LayerNode => {
    const { id } = layer.manifest;
    const children = layers.filter(({ manifest }) => nearestKnown(below.get(manifest.id), whole) === id).map(node);
    const standing = disks.get(id) ?? [];
    const { disk = 0, all = 0 } = sizes.get(id) ?? {};
    const isNeeded = children.length > 0 || standing.length > 0;
    const underneath = (below.get(id) ?? []).reduce((sum, lower) => sum + (sizes.get(lower)?.disk ?? 0), 0);
    const unique = isNeeded ? all - disk : all;
    return {
      layer,
      below: below.get(id) ?? [],
      children,
      machineDisks: standing,
      bytes: { unique, shared: all - unique + underneath },
    };
  };
  return layers.filter(({ manifest }) => nearestKnown(below.get(manifest.id), whole) === undefined).map(node);
}

function nearestKnown(ids: readonly string[] | undefined, known: ReadonlyMap<string, Layer>): string | undefined {
  return ids?.find((id) => known.has(id));
}

/** Folders of the store that an image's chain goes through, nearest first. */
export async function layersBelow(store: LayerStore, image: string): Promise<readonly string[]> {
  const files = await backingChain(image);
  return files.filter((file) => dirname(dirname(file)) === store.folder).map((file) => basename(dirname(file)));
}

async function diskBytes({ folder, manifest }: Layer): Promise<number> {
  const found = await statIfThere(join(folder, manifest.disk.name));
  return (found?.blocks ?? 0) * 512;
}
