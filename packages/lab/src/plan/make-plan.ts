import { defaultLayerLimits } from '../layer/layer-limits.ts';
import type { PlanInput } from '../resource/plan-input.ts';
import type { KindPlan, ResourceKind } from '../resource/resource-kind.ts';
import { checkNames } from './check-names.ts';
import { labResources } from './lab-resources.ts';
import { orderKinds } from './order-kinds.ts';
import { type Plan, type PlanNotice, planFormat, planVersion } from './plan.ts';
import { selectResources } from './select-resources.ts';

/**
 * Compares what the lab wants with what is recorded and what is there. Read-only.
 *
 * @param kinds each after those whose resources its own may need
 */
export async function makePlan(input: PlanInput, kinds: readonly ResourceKind[]): Promise<Plan> {
  const { lab, read } = input;
  const { state } = read;
  const declared = lab ? labResources(kinds, lab) : [];
  checkNames(input, declared);
  const selected = selectResources(declared, input);
  const found = await Promise.all(kinds.map((kind) => kind.read({ ...input, selected })));
  const plans: KindPlan[] = [];
  let operations = 0;
  for (const [index, kind] of kinds.entries()) {
    const plan = await kind.diff(found[index], { operations });
    plans.push(plan);
    operations += plan.operations.length;
  }
  return {
    format: planFormat,
    version: planVersion,
    lab: state.lab,
    stack: state.stack,
    lineage: state.lineage,
    serial: state.serial,
    journal: read.journal,
    createdAt: new Date(input.now).toISOString(),
    purpose: lab ? 'apply' : 'destroy',
    operations: orderKinds(plans, declared),
    notices: [...plans.flatMap(({ notices }) => notices), ...(read.healed ? [healed] : [])],
    preflight: plans.flatMap(({ preflight }) => preflight),
    outputs: {},
    secrets: {},
    pins: {},
    ...Object.assign({}, ...plans.map(({ facts }) => facts)),
    layerLimits: lab?.layerLimits ?? state.layerLimits ?? defaultLayerLimits,
  };
}

const healed: PlanNotice = {
  code: 'state-healed',
  message: 'state.json was unreadable or gone; it was rebuilt from the save before it',
};
