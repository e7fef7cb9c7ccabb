import type { ObservedMachine, SshAddress } from '../backend/backend.ts';
import type { RecordedResources } from '../resource/resource-kind.ts';
import { type MachineState, observable } from '../state/lab-state.ts';
import type { ForwardReport, MachineReport, MachineStatus, StatusReport } from './status-report.ts';

/** What `status` says of machines. Templates are no machines of the lab. */
export async function reportMachines({
  state,
  backend,
  call,
}: RecordedResources): Promise<Pick<StatusReport, 'machines'>> {
  const machines = Object.values(state.resources.machine)
    .filter((machine) => machine.spec.kind === 'vm')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const toObserve = observable(state).filter((machine) => machine.spec.kind === 'vm');
  const observed =
    toObserve.length > 0
      ? await backend.observe(
          toObserve.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
          call,
        )
      : new Map<string, ObservedMachine>();
  return {
    machines: machines.map((machine) =>
      machineReport(machine, observed.get(machine.spec.name), backend.sshAddress(machine.spec)),
    ),
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
    commands: found?.commands ? { way: found.commands.way, reason: found.commands.reason ?? null } : null,
    forwards: Object.entries(spec.forwards).map(
      ([name, { protocol = 'tcp' as const, host, guest, manual = false }]): ForwardReport => {
        return { name, protocol, host, guest, manual };
      },
    ),
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
