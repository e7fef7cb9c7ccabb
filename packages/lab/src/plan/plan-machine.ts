import type { MachineState } from '../state/lab-state.ts';
import type { DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';
import { planMake } from './plan-make.ts';
import { rulesOfPlace } from './rules-of-place.ts';
import { rulesOfRecord } from './rules-of-record.ts';

/** Decides what a machine of the lab needs: as little as possible. The first rule that applies decides all of it. */
export function planMachine(context: PlanContext, desired: DesiredMachine, recorded: MachineState | undefined): void {
  if (!recorded) {
    planMake(context, desired, { reason: 'not created yet', discard: false });
    return;
  }
  const observed = context.facts.observed.get(desired.declaration.name);
  const machine = { context, desired, recorded, observed };
  if (!rulesOfRecord.some((rule) => rule(machine))) rulesOfPlace(machine);
}
