import type { SourceLocation } from '@goqemu/core';
import type { Backend, BackendCall, LabScope, Preflight } from '../backend/backend.ts';
import type { Lab } from '../evaluate/lab.ts';
import type { Plan, PlanNotice } from '../plan/plan.ts';
import type { StatusReport } from '../report/status-report.ts';
import type { LabState } from '../state/lab-state.ts';
import type { StateWriter } from '../state/state-writer.ts';
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
  /** Names of the resources that run once the plan is carried out, and do not yet: what they need is up before. */
  readonly raised?: readonly string[];
  /** Operations that are left out unless a resource that needs theirs is raised, by their ids. */
  readonly standby?: ReadonlySet<string>;
  /** Work that operations do in the place of theirs, by their ids, where nothing that needs a resource of the kind is raised. */
  readonly quiet?: ReadonlyMap<string, unknown>;
  /** What the kind adds to the plan beside its operations. */
  readonly facts?: Partial<Pick<Plan, 'outputs' | 'secrets' | 'pins' | 'architecture' | 'provisional' | 'timeouts'>>;
}

/** A plan as far as it was made when a kind is asked. */
export interface DiffContext {
  /** Number of operations of the kinds before: its own continue with `op-<operations + 1>`. */
  readonly operations: number;
  /** Resources of this kind that need one of a kind before that the plan replaces, each with the reason to restart it. */
  readonly disturbed: ReadonlyMap<string, string>;
}

/** A plan that stops or starts what is there, as far as it was made when a kind is asked. */
export interface PowerContext {
  /** Of the kinds before; where things go down, those are the kinds whose resources need this one's. */
  readonly before: readonly Operation[];
}

/** What is recorded of a stack, and where its resources are. */
export interface RecordedResources {
  readonly state: LabState;
  readonly backend: Backend;
  readonly call: BackendCall;
}

/** What has become of recorded resources: for the user, and rows of the state that are no longer true. */
export interface KindDrift {
  readonly drift: readonly { readonly name: string; readonly reason: string }[];
  readonly rows: Readonly<Record<string, object | null>>;
}

/** A fork in the making: its state has the machines, and `source` what it is made from. */
export interface ForkInTheMaking extends RecordedResources {
  readonly source: LabState;
  /** The lab and the stack of the source. */
  readonly scope: LabScope;
  readonly writer: StateWriter;
  /** A call for one resource of the fork. */
  readonly callFor: (name: string) => BackendCall;
}

/**
 * What the engine must know of a kind of resource. Every kind has the same four verbs for plan and apply: `read` and
 * `diff` make a plan and change nothing, `apply` and `delete` carry an operation out and journal it. The others are for
 * commands that work on all that is recorded: `refresh`, `status`, and the making and removal of forks. Only some can be parked, by `power`.
 *
 * @typeParam Found what `read` found, for `diff`
 */
export interface ResourceKind<Found = unknown> {
  readonly kind: string;
  /** Why `--replace` does not make a resource of this kind again, as a hint; absent where it does. */
  readonly notReplaced?: string;
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
  power?(input: PowerInput, context: PowerContext): Promise<KindPlan>;
  /** Looks at what is recorded. Read-only. */
  refresh(recorded: RecordedResources): Promise<KindDrift>;
  /** What `status` says of this kind. Read-only. */
  report(recorded: RecordedResources): Promise<Partial<Pick<StatusReport, 'machines' | 'networks'>>>;
  /** Makes what a fork has of this kind, and journals it; the kinds before have theirs. */
  fork(fork: ForkInTheMaking): Promise<void>;
  /** Leaves nothing of what is recorded, in whatever phase it is. */
  clear(recorded: RecordedResources): Promise<void>;
}
