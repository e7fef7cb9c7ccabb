import type { Lab } from '../evaluate/lab.ts';
import type { LabState } from '../state/lab-state.ts';
import { recordedMachine } from './recorded-machine.ts';

/**
 * The backend's names for the machines of a lab: one keeps its name when the lab renames it, and a new one has its own,
 * where no machine goes by it.
 */
export function backendNames(lab: Lab, state: LabState): ReadonlyMap<string, string> {
  const used = new Map(
    Object.values(state.resources.machine).map((machine) => [machine.spec.name.toLowerCase(), machine.name]),
  );
  return new Map(
    lab.machines.map(({ name }) => [name, recordedMachine(state, name)?.spec.name ?? freeName(name, used)] as const),
  );
}

function freeName(name: string, used: Map<string, string>): string {
  for (let attempt = 1; ; attempt++) {
    const candidate = attempt === 1 ? name : `${name}-${attempt}`;
    const owner = used.get(candidate.toLowerCase());
    if (owner !== undefined && owner !== name) continue;
    used.set(candidate.toLowerCase(), name);
    return candidate;
  }
}
