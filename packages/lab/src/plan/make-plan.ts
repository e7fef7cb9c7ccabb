import type { PlanInput } from '../resource/plan-input.ts';
import type { KindPlan, ResourceKind } from '../resource/resource-kind.ts';
import { resourceKey } from '../resource/resource-ref.ts';
import { assemblePlan } from './assemble-plan.ts';
import { checkNames } from './check-names.ts';
import { type LabResource, labResources } from './lab-resources.ts';
import { orderKinds } from './order-kinds.ts';
import type { Plan } from './plan.ts';
import { selectResources } from './select-resources.ts';
import { settleStandby } from './settle-standby.ts';

/**
 * Compares what the lab wants with what is recorded and what is there. Read-only.
 *
 * @param kinds each after those whose resources its own may need
 */
export async function makePlan(input: PlanInput, kinds: readonly ResourceKind[]): Promise<Plan> {
  const { lab, read } = input;
  const declared = lab ? labResources(kinds, lab) : [];
  checkNames(input, declared, kinds);
  const selected = selectResources(declared, input);
  const found = await Promise.all(kinds.map((kind) => kind.read({ ...input, selected })));
  const made: KindPlan[] = [];
  let operations = 0;
  for (const [index, kind] of kinds.entries()) {
    const plan = await kind.diff(found[index], { operations, disturbed: disturbed(kind, declared, made) });
    made.push(plan);
    operations += plan.operations.length;
  }
  const plans = settleStandby(made, kinds, declared);
  return assemblePlan({
    read,
    now: input.now,
    purpose: lab ? 'apply' : 'destroy',
    plans,
    operations: orderKinds(plans, declared),
    layerLimits: lab?.layerLimits,
  });
}

/** Resources of a kind that need one of a kind before it that is replaced, with the reason. */
function disturbed(
  { kind }: ResourceKind,
  declared: readonly LabResource[],
  before: readonly KindPlan[],
): ReadonlyMap<string, string> {
  const replaced = new Map(
    before
      .flatMap(({ operations }) => operations)
      .filter(({ action }) => action === 'replace')
      .map(({ resource }) => [resourceKey(resource), `restart: the ${resource.kind} ${resource.name} is replaced`]),
  );
  return new Map(
    declared.flatMap(({ ref, needs }) => {
      const [reason] = ref.kind === kind ? [...needs].flatMap((key) => replaced.get(key) ?? []) : [];
      return reason === undefined ? [] : [[ref.name, reason] as const];
    }),
  );
}
