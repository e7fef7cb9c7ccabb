/** The engine's types, for tests of labs and for backends; published at a subpath of their own. */
export type * from '@goqemu/spec';
export type * from './backend/backend.ts';
export type { ApplyOptions, ApplyResult, PlanOptions } from './engine-context/engine-options.ts';
export type { OutputValue } from './evaluate/lab.ts';
export type * from './layer/layer-key.ts';
export type { LayerLimits } from './layer/layer-limits.ts';
export type { ImagePin } from './lock/lab-lock.ts';
export type { Plan, PlanNotice } from './plan/plan.ts';
export type * from './plan/provisional-keys.ts';
export type * from './plan/work.ts';
export type { PowerVerb } from './power/power-verb.ts';
export type * from './resource/operation.ts';
export type { AppliedStep } from './state/lab-state.ts';
export type * from './step/planned-step.ts';
export type * from './step/resolved-step.ts';
