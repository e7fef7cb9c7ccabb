import type { LabState, MachineState } from '../state/lab-state.ts';

export function recordedMachine(state: LabState, name: string): MachineState | undefined {
  return Object.hasOwn(state.machines, name) ? state.machines[name] : undefined;
}
