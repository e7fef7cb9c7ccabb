import { GoqemuError } from '@goqemu/core';
import { type Layer, lineageOf, standaloneNames, type Vm, type VmHost } from '@goqemu/vm';

/** The snapshots of a VM, oldest first; layers without a name are internal. */
export async function snapshotsOf(vm: Vm): Promise<readonly Layer[]> {
  const layers = await vm.host.layers.list();
  return layers.filter(
    ({ manifest }) => manifest.descriptions.length > 0 && manifest.owners.includes(vm.scope.lineage),
  );
}

/**
 * @throws GoqemuError `snapshot-unknown` naming those that there are, `snapshot-of-another-vm`
 */
export async function findSnapshot(vm: Vm, id: string): Promise<Layer> {
  const own = await snapshotsOf(vm);
  const found = own.find(({ manifest }) => manifest.id === id);
  if (found) return found;
  const foreign = (await vm.host.layers.list()).find(({ manifest }) => manifest.id === id);
  if (foreign && foreign.manifest.descriptions.length > 0) throw await ofAnother(vm, foreign);
  const known = own.map(({ manifest }) => `${manifest.id} (${manifest.descriptions[0]})`);
  throw new GoqemuError({
    code: 'snapshot-unknown',
    source: 'user',
    subject: String(id),
    message: `VM "${vm.spec.name}" has no snapshot ${JSON.stringify(id)}`,
    hint: known.length > 0 ? `it has: ${known.join(', ')}` : 'it has none: make one with createSnapshot(description)',
  });
}

async function ofAnother(vm: Vm, { manifest }: Layer): Promise<GoqemuError> {
  const owner = await ownerName(vm.host, manifest.owners);
  return new GoqemuError({
    code: 'snapshot-of-another-vm',
    source: 'user',
    subject: manifest.id,
    message: `snapshot ${manifest.id} (${manifest.descriptions[0]}) is not one of VM "${vm.spec.name}", but of ${owner ?? 'a lab'}`,
    hint: owner ? 'use it on that VM; nothing was changed' : 'use it with: goqemu checkpoint; nothing was changed',
  });
}

async function ownerName(host: VmHost, owners: readonly string[]): Promise<string | undefined> {
  const name = (await standaloneNames(host)).find((candidate) => owners.includes(lineageOf(candidate)));
  return name && `"${name}"`;
}
