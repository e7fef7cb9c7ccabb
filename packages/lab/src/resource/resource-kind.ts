import type { SourceLocation } from '@goqemu/core';
import type { Preflight } from '../backend/backend.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { Plan, PlanNotice } from '../plan/plan.ts';
import type { ApplyContext } from './apply-context.ts';
import type { Operation } from './operation.ts';
import type { KindInput, PowerInput } from './plan-input.ts';
import type { ResourceRef } from './resource-ref.ts';

/** A resource as the lab names it. */
export interface DeclaredResource {
  readonly name: string;
  /** What has to be there before it; of its own kind only what is declared before it. */
  readonly needs: readonly ResourceRef[];
  readonly location?: SourceLocation | undefined;
}

/** What a plan has of one kind. */
export interface KindPlan {
  readonly operations: readonly Operation[];
  readonly notices: readonly PlanNotice[];
  readonly preflight: readonly Preflight[];
  /** What the kind adds to the plan beside its operations. */
  readonly facts?: Partial<Pick<Plan, 'outputs' | 'secrets' | 'pins' | 'provisional' | 'timeouts'>>;
}

/** A plan as far as it was made when a kind is asked. */
export interface DiffContext {
  /** Number of operations of the kinds before: its own continue with `op-<operations + 1>`. */
  readonly operations: number;
}

/**
 * What the engine must know of a kind of resource. Every kind has the same four verbs: `read` and `diff` make a plan and
 * change nothing, `apply` and `delete` carry an operation out and journal it. Only some can be parked, by `power`.
 *
 * @typeParam Found what `read` found, for `diff`
 */
export interface ResourceKind<Found = unknown> {
  readonly kind: string;
  /** The resources of this kind that a lab wants, each after those that it needs. */
  declared(lab: Lab): readonly DeclaredResource[];
  /** Looks at what is recorded and what is there. Read-only. */
  read(input: KindInput): Promise<Found>;
  /** Decides what has to be done, in the order of its doing. */
  diff(found: Found, context: DiffContext): Promise<KindPlan>;
  /** Does what an operation says; converges when it is called again after a crash. */
  apply(context: ApplyContext, operation: Operation): Promise<void>;
  /** Carries out an operation whose action is `delete`: leaves nothing of the resource. */
  delete(context: ApplyContext, operation: Operation): Promise<void>;
  /** Decides what stops, starts or suspends resources that are there. Of a kind that has it, resources can be parked. */
  power?(input: PowerInput, context: DiffContext): Promise<KindPlan>;
}
