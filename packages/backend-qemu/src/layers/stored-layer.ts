import { isGoqemuError, systemErrorCode } from '@goqemu/core';
import type { BackendCall, StoredLayer } from '@goqemu/lab';
import { knownDisks, type Layer, type LayerDamage, type LayerStore } from '@goqemu/vm';

/** A layer as the engine knows it. */
export async function storedLayer(store: LayerStore, layer: Layer): Promise<StoredLayer> {
  const { manifest } = layer;
  return {
    key: manifest.key,
    id: manifest.id,
    ...(manifest.parent ? { parent: manifest.parent } : {}),
    ram: await store.hasRam(layer),
    ...(manifest.variables ? { variables: true } : {}),
    bytes: await store.bytes(layer),
    createdAt: manifest.createdAt,
    descriptions: manifest.descriptions,
  };
}

/**
 * Those of the keys that have a layer here that can be restored. What is damaged is said; a manifest that is, is written
 * again from its copy.
 */
export async function findStoredLayers(
  store: LayerStore,
  keys: readonly string[],
  { progress }: Pick<BackendCall, 'progress'>,
): Promise<ReadonlyMap<string, StoredLayer>> {
  const known = knownDisks();
  const say = (message: string) => progress({ kind: 'notice', code: 'layer-damaged', message });
  const found = await Promise.all(
    keys.map(async (key) => {
      const layer = await store.find(key, { known, onDamage: (lost, damage) => say(lossOf(lost, damage)) });
      if (layer?.manifestDamage) await healManifest(store, layer, say);
      return layer && ([layer.manifest.key, await storedLayer(store, layer)] as const);
    }),
  );
  return new Map(found.filter((one) => one !== undefined));
}

function lossOf({ manifest: { id, descriptions } }: Layer, { disk, ram }: LayerDamage): string {
  const name = descriptions[0] === undefined ? `layer ${id}` : `checkpoint "${descriptions[0]}" (layer ${id})`;
  return disk ? `${name} is lost: ${disk}` : `the RAM of ${name} is lost, and it boots from its disk: ${ram}`;
}

/** Only a convenience here: a store that cannot be written to now, or is changed by another one, is healed later. */
async function healManifest(store: LayerStore, layer: Layer, say: (message: string) => void): Promise<void> {
  say(`${layer.manifestDamage}; goqemu uses its copy`);
  await store.healManifest(layer.manifest.key).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined && !isGoqemuError(error)) throw error;
  });
}
