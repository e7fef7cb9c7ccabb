import type { StoredLayer } from '@goqemu/lab';
import type { Layer, LayerStore } from '@goqemu/vm';

/** A layer as the engine knows it. */
export async function storedLayer(store: LayerStore, layer: Layer): Promise<StoredLayer> {
  const { manifest } = layer;
  return {
    key: manifest.key,
    id: manifest.id,
    ...(manifest.parent ? { parent: manifest.parent } : {}),
    ram: manifest.ram !== undefined,
    ...(manifest.variables ? { variables: true } : {}),
    bytes: await store.bytes(layer),
    createdAt: manifest.createdAt,
    descriptions: manifest.descriptions,
  };
}

/** Those of the keys that have a layer here. */
export async function findStoredLayers(
  store: LayerStore,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredLayer>> {
  const found = await Promise.all(
    keys.map(async (key) => {
      const layer = await store.find(key);
      return layer && ([layer.manifest.key, await storedLayer(store, layer)] as const);
    }),
  );
  return new Map(found.filter((one) => one !== undefined));
}
