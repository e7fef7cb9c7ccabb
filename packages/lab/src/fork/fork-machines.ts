import type { ForkInTheMaking } from '../resource/resource-kind.ts';
import type { MachineState } from '../state/lab-state.ts';

/** Makes the machines of a fork, side by side; one that fails is reported when all have ended. */
export async function forkMachines(fork: ForkInTheMaking): Promise<void> {
  const machines = Object.values(fork.state.resources.machine);
  const results = await Promise.allSettled(machines.map((machine) => makeMachine(fork, machine)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function makeMachine(
  { source, scope, backend, writer, callFor }: ForkInTheMaking,
  machine: MachineState,
): Promise<void> {
  const { name, spec, layer } = machine;
  const original = source.resources.machine[name];
  if (machine.record === null || layer === null || !original) return; // a template has its layers
  const call = callFor(name);
  const made = await backend.create(spec, { layer, copyOf: { machine: original.spec, scope } }, call);
  const record = await backend.start(spec, made, call);
  await writer.end('fork', { resources: { machine: { [name]: { ...machine, record, phase: 'made', ready: true } } } });
}
