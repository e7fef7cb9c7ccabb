import { machineDependencies } from '../plan/machine-dependencies.ts';
import { isOfMachine } from '../plan/machine-operation.ts';
import { diffMachines, type FoundMachines, readMachines } from '../plan/read-machines.ts';
import { reportMachines } from '../report/report-machines.ts';
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
  power: async (input, context) => (await acting()).powerMachines(input, context),
  refresh: async (recorded) => (await acting()).refreshMachines(recorded),
  report: reportMachines,
  fork: async (fork) => (await acting()).forkMachines(fork),
  clear: async (recorded) => (await acting()).clearMachines(recorded),
};

function acting() {
  return import('./acting.ts');
}

async function act(context: ApplyContext, operation: Operation): Promise<void> {
  const { carryOut } = await acting();
  if (isOfMachine(operation)) await carryOut(context, operation);
}
