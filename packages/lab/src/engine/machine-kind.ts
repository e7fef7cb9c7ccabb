import { machineDependencies } from '../plan/machine-dependencies.ts';
import { isOfMachine } from '../plan/machine-operation.ts';
import { diffMachines, type FoundMachines, readMachines } from '../plan/read-machines.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { Operation } from '../resource/operation.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { machineKindName, machineRef, networkRef } from '../resource/resource-ref.ts';

/** Machines and templates. */
export const machineKind: ResourceKind<FoundMachines> = {
  kind: machineKindName,
  declared: (lab) => {
    const needs = machineDependencies(lab);
    return lab.machines.map((machine) => ({
      name: machine.name,
      needs: [...(needs.get(machine.name) ?? [])].map(machineRef).concat((machine.networks ?? []).map(networkRef)),
      get location() {
        return machine.location;
      },
    }));
  },
  read: readMachines,
  diff: diffMachines,
  apply: act,
  delete: act,
  power: async (input, context) => {
    const { powerMachines } = await import('./acting.ts');
    return powerMachines(input, context);
  },
};

async function act(context: ApplyContext, operation: Operation): Promise<void> {
  const { carryOut } = await import('./acting.ts');
  if (isOfMachine(operation)) await carryOut(context, operation);
}
