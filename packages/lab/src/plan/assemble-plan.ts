import { defaultLayerLimits, type LayerLimits } from '../layer/layer-limits.ts';
import type { Operation } from '../resource/operation.ts';
import type { KindPlan } from '../resource/resource-kind.ts';
import type { ReadState } from '../state/read-state.ts';
import { type Plan, type PlanNotice, planFormat, planVersion } from './plan.ts';

export interface PlanParts {
  readonly read: ReadState;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly purpose: Plan['purpose'];
  readonly plans: readonly KindPlan[];
  /** Those of all kinds, in the order of their doing. */
  readonly operations: readonly Operation[];
  /** Default: those of the state. */
  readonly layerLimits: LayerLimits | undefined;
}

/** What the kinds have decided as one plan, bound to the state that it was made from. */
export function assemblePlan({ read, now, purpose, plans, operations, layerLimits }: PlanParts): Plan {
  const { state } = read;
  return {
    format: planFormat,
    version: planVersion,
    lab: state.lab,
    stack: state.stack,
    lineage: state.lineage,
    serial: state.serial,
    journal: read.journal,
    createdAt: new Date(now).toISOString(),
    purpose,
    operations,
    notices: [...plans.flatMap(({ notices }) => notices), ...(read.healed ? [healed] : [])],
    preflight: plans.flatMap(({ preflight }) => preflight),
    outputs: {},
    secrets: {},
    pins: {},
    ...Object.assign({}, ...plans.map(({ facts }) => facts)),
    layerLimits: layerLimits ?? state.layerLimits ?? defaultLayerLimits,
  };
}

const healed: PlanNotice = {
  code: 'state-healed',
  message: 'state.json was unreadable or gone; it was rebuilt from the save before it',
};
