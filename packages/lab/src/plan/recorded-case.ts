import type { ObservedMachine } from '../backend/backend.ts';
import type { MachineState } from '../state/lab-state.ts';
import type { DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';

/** A machine that the lab wants and the state knows, with what a look at it found. */
export interface RecordedCase {
  readonly context: PlanContext;
  readonly desired: DesiredMachine;
  readonly recorded: MachineState;
  readonly observed: ObservedMachine | undefined;
}
