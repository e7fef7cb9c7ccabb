import { stat } from 'node:fs/promises';
import type { MachineRecord, StateForm } from '@goqemu/machine';
import { layerId } from '../layers/layer.ts';
import type { LayerManifest } from '../layers/layer-manifest.ts';
import { ramFacts } from '../layers/ram-facts.ts';
import type { Vm } from '../vm/vm.ts';
import { managementMac } from '../vm/vm-network.ts';
import type { VmState } from '../vm/vm-state.ts';
import { deviceDigest } from './device-digest.ts';
import { machineConfiguration } from './machine-configuration.ts';
import type { SavedFiles } from './saved-files.ts';

export interface CutDescription {
  readonly key: string;
  readonly parent?: string;
  readonly descriptions: readonly string[];
  readonly group?: string;
  /** How the RAM was saved, if it was. */
  readonly ram?: StateForm;
  /** Whether a process of the guest is on standby. */
  readonly standby: boolean;
}

/** The manifest of a machine's layer, once its files are whole. */
export async function describeCut(
  vm: Vm,
  state: VmState,
  files: SavedFiles,
  { key, parent, descriptions, group, ram, standby }: CutDescription,
): Promise<LayerManifest> {
  const { machine: record, agent } = state;
  const text = (name: keyof MachineRecord) => (typeof record?.[name] === 'string' ? record[name] : 'none');
  return {
    version: 1,
    id: layerId(key),
    key,
    descriptions: [...descriptions],
    createdAt: new Date().toISOString(),
    ...(parent ? { parent } : {}),
    ...(group ? { group } : {}),
    owners: [vm.scope.lineage],
    identity: {
      instanceId: vm.spec.identity.instanceId,
      hostname: vm.spec.identity.hostname,
      lineage: vm.scope.lineage,
      user: vm.spec.user,
      hostKey: (await vm.hostKey()).publicKey,
      mac: managementMac(vm.spec, state),
      ...(state.cards === undefined ? {} : { cards: state.cards }),
    },
    agent: agent ?? false,
    ...(standby ? { standbyPort: true } : {}),
    disk: { name: files.names.disk, size: (await stat(files.disk)).size },
    ...(await files.sealed(ram)),
    compatibility: {
      ...ramFacts(vm.spec, text('accelerator')),
      machineType: text('machineType'),
      cpu: text('cpu'),
      qemu: text('version'),
      devices: deviceDigest(machineConfiguration(vm, state)),
      ...(Array.isArray(record?.guestArguments) ? { arguments: record.guestArguments as string[] } : {}),
    },
  };
}
