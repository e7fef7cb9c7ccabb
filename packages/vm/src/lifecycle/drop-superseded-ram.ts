import type { Vm } from '../vm/vm.ts';

/** Layers without a name give up their RAM when newer ones have theirs. */
export async function dropSupersededRam(vm: Vm, supersedes: readonly string[]): Promise<void> {
  for (const key of supersedes) {
    const older = await vm.host.layers.find(key);
    if (
      !older ||
      older.manifest.descriptions.length > 0 ||
      older.manifest.owners.some((owner) => owner !== vm.scope.lineage)
    )
      continue;
    await vm.host.layers.dropRam(older);
  }
}
