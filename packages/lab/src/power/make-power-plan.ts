import { assemblePlan } from '../plan/assemble-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { PowerInput } from '../resource/plan-input.ts';
import type { KindPlan, ResourceKind } from '../resource/resource-kind.ts';

/** Decides what stops or starts resources that are there. Read-only. @throws GoqemuError `machine-unknown` */
export async function makePowerPlan(input: PowerInput, kinds: readonly ResourceKind[], now: number): Promise<Plan> {
  const plans: KindPlan[] = [];
  for (const kind of kinds) {
    const operations = plans.reduce((sum, plan) => sum + plan.operations.length, 0);
    const plan = await kind.power?.(input, { operations });
    if (plan) plans.push(plan);
  }
  const { read, verb } = input;
  const operations = plans.flatMap((plan) => plan.operations);
  const plan = assemblePlan({ read, now, purpose: verb, plans, operations, layerLimits: undefined });
  return { ...plan, outputs: read.state.outputs };
}
