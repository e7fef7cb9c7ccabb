import type { LabState, MachineState } from '../state/lab-state.ts';

export function recordedMachine(state: LabState, name: string): MachineState | undefined {
  return Object.hasOwn(state.resources.machine, name) ? state.resources.machine[name] : undefined;
}
