import type { LabScope } from '@goqemu/lab';
import { type Collected, collectLayers, type VmHost } from '@goqemu/vm';

/** Removes layers that neither this lab's `keep` nor another lab reaches. */
export function collectStored(
  host: VmHost,
  keep: readonly string[],
  { lineage }: LabScope,
  options: { readonly dryRun?: boolean },
): Promise<Collected> {
  return collectLayers({ ...options, store: host.layers, labsFolder: host.folders.labs, lineage, keep });
}
