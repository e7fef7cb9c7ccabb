import type { Architecture, MachineTimeouts } from '@goqemu/spec';
import type { Preflight, PreflightError } from '../backend/backend.ts';
import type { OutputValue } from '../evaluate/lab.ts';
import type { LayerLimits } from '../layer/layer-limits.ts';
import type { ImagePin } from '../lock/lab-lock.ts';
import type { PowerVerb } from '../power/power-verb.ts';
import type { Operation } from '../resource/operation.ts';
import type { SecretSource } from '../value/secret-source.ts';
import type { ProvisionalKeys } from './provisional-keys.ts';

export const planFormat = 'goqemu-plan';
export const planVersion = 2;

/** Something that a plan tells beside its operations. */
export interface PlanNotice {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * What is shown, what `--out` saves and what apply executes: one value, plain JSON, without secrets.
 * It is bound to the state that it was made from and refused once that has moved on.
 */
export interface Plan {
  readonly format: typeof planFormat;
  readonly version: typeof planVersion;
  readonly lab: string;
  readonly stack: string;
  readonly lineage: string;
  /** Serial of the state; 0 when there was none. */
  readonly serial: number;
  /** How far the journal had come. */
  readonly journal: number;
  readonly createdAt: string;
  readonly purpose: 'apply' | 'destroy' | 'forward' | PowerVerb;
  readonly operations: readonly Operation[];
  readonly notices: readonly PlanNotice[];
  /** What would fail, or be worse than asked for. */
  readonly preflight: readonly Preflight[];
  /** Late values name layers. */
  readonly outputs: Readonly<Record<string, OutputValue>>;
  readonly secrets: Readonly<Record<string, { readonly from: SecretSource; readonly fingerprint: string }>>;
  /** Rows of lab.lock.json that applying adds. */
  readonly pins: Readonly<Record<string, ImagePin>>;
  /** The architecture that goes into lab.lock.json with them; undefined in a plan of an earlier version. */
  readonly architecture?: Architecture;
  /** Of a plan that starts from images that are not here yet. */
  readonly provisional?: ProvisionalKeys;
  /** How many layers without a name are kept. */
  readonly layerLimits: LayerLimits;
  /** Undefined in a plan of an earlier version. */
  readonly timeouts?: Readonly<Record<string, MachineTimeouts>>;
}

/** What keeps a plan from being applied. */
export function problemsOf(plan: Pick<Plan, 'preflight'>): readonly PreflightError[] {
  return plan.preflight.filter((item) => item.severity === 'error');
}

/** The number of things that applying the plan would do; reusing cached layers is not a change. */
export function countChanges(plan: Pick<Plan, 'operations'>): number {
  return plan.operations.filter((operation) => operation.action !== 'reuse').length;
}
