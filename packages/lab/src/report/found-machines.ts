import type { EngineContext } from '../engine-context/engine-context.ts';
import type { FoundMachine } from '../engine-context/engine-options.ts';
import { machineUnknown } from './machine-unknown.ts';

/** The machines that have been made, in the order of their names. */
export async function foundMachines(context: EngineContext): Promise<readonly FoundMachine[]> {
  const { state } = await context.read();
  const { lab, stack } = context.owner;
  const scope = { lab, stack, lineage: state.lineage };
  return Object.values(state.resources.machine)
    .flatMap(({ name, spec, record }) => (record === null ? [] : [{ name, spec, record, scope }]))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws GoqemuError `machine-unknown` with the nearest name */
export function foundMachine(machines: readonly FoundMachine[], name: string): FoundMachine {
  const found = machines.find((machine) => machine.name === name);
  if (found) return found;
  throw machineUnknown(
    name,
    machines.map((machine) => machine.name),
  );
}
