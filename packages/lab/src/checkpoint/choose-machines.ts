import { GoqemuError } from '@goqemu/core';
import { suggestion } from '../evaluate/lab-error.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';

/** The named machines, or all of the lab; templates are none. @throws GoqemuError `machine-unknown` */
export function chooseMachines(state: LabState, names: readonly string[] | undefined): readonly MachineState[] {
  const machines = Object.values(state.resources.machine).filter((machine) => machine.spec.kind === 'vm');
  if (!names) return machines;
  return names.map((name) => {
    const found = machines.find((machine) => machine.name === name);
    if (found) return found;
    throw new GoqemuError({
      code: 'machine-unknown',
      source: 'user',
      subject: name,
      message: `no machine of this lab is called "${name}"`,
      hint: suggestion(
        name,
        machines.map((machine) => machine.name),
      ),
    });
  });
}
