import type { MachineDeclaration } from '../evaluate/lab.ts';
import type { LabState } from '../state/lab-state.ts';
import { recordedMachine } from './recorded-machine.ts';

/**
 * Keys that a machine, and each machine that is made from it, has or had behind it. A key among them is kept, whatever
 * version of the seed or of a step it was made with.
 */
export function recordedKeys(
  state: LabState,
  machines: readonly MachineDeclaration[],
): (machine: string) => ReadonlySet<string> {
  const above = new Map<string, string[]>();
  for (const { name, from } of machines) if (from) above.set(from.machine, [...(above.get(from.machine) ?? []), name]);
  const known = new Map<string, ReadonlySet<string>>();
  const collect = (name: string): ReadonlySet<string> => {
    const keys =
      known.get(name) ??
      new Set([...ownKeys(state, name), ...(above.get(name) ?? []).flatMap((one) => [...collect(one)])]);
    known.set(name, keys);
    return keys;
  };
  return collect;
}

function ownKeys(state: LabState, name: string): readonly string[] {
  const machine = recordedMachine(state, name);
  if (!machine) return [];
  const taken = Object.values(state.checkpoints).flatMap((checkpoint) => checkpoint.machines[name]?.applied ?? []);
  return [machine.base, ...[...machine.applied, ...(machine.above ?? []), ...taken].map(({ key }) => key)];
}
