import type { LabScope } from '@goqemu/lab';
import { type Collected, collectLayers, type VmHost } from '@goqemu/vm';

/** Removes layers that neither this lab's `keep` nor another lab reaches, and what killed writers left in the stores. */
export async function collectStored(
  host: VmHost,
  keep: readonly string[],
  { lineage }: LabScope,
  options: { readonly dryRun?: boolean },
): Promise<Collected> {
  const { layers, folders, keys, images } = host;
  const collected = await collectLayers({ ...options, store: layers, labsFolder: folders.labs, lineage, keep });
  if (!options.dryRun) {
    await keys.removeAbandoned();
    await images.cache.removeAbandoned();
  }
  return collected;
}
