import type { PlanInput } from '../resource/plan-input.ts';
import { machineRef, namesOfKind, type ResourceRef } from '../resource/resource-ref.ts';

/** Whether a plan is about a resource that the lab no longer has. */
export function isInPlan({ kind, name }: ResourceRef, input: Pick<PlanInput, 'target' | 'exclude'>): boolean {
  const target = namesOfKind(kind, input.target);
  return (target?.includes(name) ?? true) && !namesOfKind(kind, input.exclude)?.includes(name);
}

/** Whether a plan takes away a recorded machine. */
export function isRemoved(input: Pick<PlanInput, 'lab' | 'target' | 'exclude'>, name: string): boolean {
  const isDeclared = input.lab?.machines.some((machine) => machine.name === name) === true;
  return !isDeclared && isInPlan(machineRef(name), input);
}
