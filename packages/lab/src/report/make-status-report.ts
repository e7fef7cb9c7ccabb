import type { ObservedMachine, SshAddress } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { forksOf } from '../fork/forks-of.ts';
import { type MachineState, observable } from '../state/lab-state.ts';
import { networkReports } from './network-reports.ts';
import { resolveOutputs } from './resolve-outputs.ts';
import type { MachineReport, MachineStatus, StatusReport } from './status-report.ts';

/** Looks at every machine of the state; takes no lock and writes nothing. Templates are no machines of the lab. */
export async function makeStatusReport(context: EngineContext, signal?: AbortSignal): Promise<StatusReport> {
  const { state } = await context.read();
  const machines = Object.values(state.resources.machine)
    .filter((machine) => machine.spec.kind === 'vm')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const toObserve = observable(state).filter((machine) => machine.spec.kind === 'vm');
  const observed =
    toObserve.length > 0
      ? await context.backend.observe(
          toObserve.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
          context.plainCall(state.lineage, 'status', signal),
        )
      : new Map<string, ObservedMachine>();
  const { forkedFrom } = state;
  return {
    version: 1,
    lab: state.lab,
    stack: state.stack,
    forkedFrom: forkedFrom ? { stack: forkedFrom.stack, ...forkedFrom.checkpoint } : null,
    forks: (await forksOf(context)).map((fork) => fork.name),
    machines: machines.map((machine) =>
      machineReport(machine, observed.get(machine.spec.name), context.backend.sshAddress(machine.spec)),
    ),
    networks: await networkReports(context, state, context.plainCall(state.lineage, 'status', signal)),
    outputs: resolveOutputs(state),
  };
}

function machineReport(machine: MachineState, found: ObservedMachine | undefined, address: SshAddress): MachineReport {
  const { spec } = machine;
  const reason = incomplete(machine) ?? found?.reason;
  return {
    name: machine.name,
    state: statusOf(machine, found),
    ...(reason === undefined ? {} : { reason }),
    pid: found?.display?.pid ?? null,
    ip: found?.ip ?? null,
    ssh: {
      ...address,
      user: spec.user,
      identityFile: found?.display?.identityFile ?? null,
    },
    checkpoint: newestCheckpoint(machine),
    accelerator: found?.accelerator ?? null,
  };
}

function statusOf(machine: MachineState, found: ObservedMachine | undefined): MachineStatus {
  if ((!found || found.status === 'running') && incomplete(machine) !== undefined) return 'incomplete';
  return found?.status ?? 'absent';
}

function incomplete(machine: MachineState): string | undefined {
  if (machine.phase !== 'made') return 'an apply was interrupted while creating or deleting it';
  if (machine.dirty) return 'a step was interrupted or failed';
  return machine.applied.length === 0 || !machine.ready ? 'it has not been ready yet' : undefined;
}

function newestCheckpoint(machine: MachineState): string | null {
  const height = new Map(machine.applied.map((step, index) => [step.key, index]));
  let newest: string | null = null;
  let top = -1;
  for (const [name, layer] of Object.entries(machine.checkpoints)) {
    const index = height.get(layer) ?? -1;
    if (index >= top) {
      top = index;
      newest = name;
    }
  }
  return newest;
}
