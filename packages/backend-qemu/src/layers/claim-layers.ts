import { hasErrorCode } from '@goqemu/core';
import type { BackendCall } from '@goqemu/lab';
import type { LayerStore } from '@goqemu/vm';

/** Makes a lab an owner of layers that exist here already, cut by any lab; returns which these are. */
export async function claimLayers(
  store: LayerStore,
  keys: readonly string[],
  { scope }: BackendCall,
): Promise<ReadonlySet<string>> {
  const claimed = await Promise.all(
    keys.map(async (key) => {
      const layer = await store.find(key);
      if (!layer) return undefined;
      try {
        return (await store.adopt(layer, scope.lineage)).manifest.key;
      } catch (error) {
        // Its last owner gave it up after it was found.
        if (hasErrorCode(error, 'layer-missing')) return undefined;
        throw error;
      }
    }),
  );
  return new Set(claimed.filter((key) => key !== undefined));
}
