import { assemblePlan } from '../plan/assemble-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { Operation } from '../resource/operation.ts';
import type { PowerInput } from '../resource/plan-input.ts';
import type { KindPlan, ResourceKind } from '../resource/resource-kind.ts';
import { isDown } from './power-verb.ts';

/** Decides what stops or starts resources that are there: what they need is up before them, and down after them. Read-only. @throws GoqemuError `machine-unknown` */
export async function makePowerPlan(input: PowerInput, kinds: readonly ResourceKind[], now: number): Promise<Plan> {
  const plans: KindPlan[] = [];
  for (const kind of isDown(input.verb) ? [...kinds].reverse() : kinds) {
    const before = plans.flatMap((plan) => plan.operations);
    const plan = await kind.power?.(input, { before });
    if (plan) plans.push({ ...plan, operations: plan.operations.map((operation) => waitingFor(operation, before)) });
  }
  const { read, verb } = input;
  const operations = plans.flatMap((plan) => plan.operations);
  const plan = assemblePlan({ read, now, purpose: verb, plans, operations, layerLimits: undefined });
  return { ...plan, outputs: read.state.outputs };
}

/** What is done with a kind comes after what is done with those before it. */
function waitingFor(operation: Operation, before: readonly Operation[]): Operation {
  return { ...operation, dependsOn: [...new Set([...operation.dependsOn, ...before.map(({ id }) => id)])] };
}
