import type { MachineSpec } from '@goqemu/spec';
import type { Backend, BackendRecord, LabScope } from '../backend/backend.ts';
import type { EngineEvent, ErrorReport } from '../events/engine-event.ts';
import type { Plan } from '../plan/plan.ts';
import type { StateStorage } from '../state/state-storage.ts';

/** What the engine takes from outside, so that a test decides it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface EngineOptions {
  readonly backend: Backend;
  /** Name of the lab. */
  readonly lab: string;
  /** Default: `default`. */
  readonly stack?: string;
  /** Absolute; paths in the lab are relative to it and lab.lock.json lies in it. */
  readonly labFolder: string;
  readonly labFile: string;
  /** `.goqemu/<lab>/<stack>` beside the lab; see `stateFolderOf`. */
  readonly stateFolder: string;
  /** goqemu's own folder, for the key that secrets in the state are encrypted with. */
  readonly home: string;
  readonly emit?: (event: EngineEvent) => void;
  /** What is being done, for the lock's record and the history: `goqemu apply`. */
  readonly command: string;
  readonly clock?: Clock;
  /** Random bytes for lineages, ids and generated secrets. */
  readonly random?: (bytes: number) => Uint8Array;
  /** Asks for a secret whose source is `prompt`; without it such a secret is an error. */
  readonly promptSecret?: (question: string) => Promise<string>;
  /** Where the state lies; default: files under `stateFolder`, `labFolder` and `home`. */
  readonly storage?: StateStorage;
  /** Environment variables for secrets; default: those of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Which machines a plan is about. */
export interface PlanOptions {
  /** Only these machines, and what they depend on. */
  readonly target?: readonly string[];
  /** Not these machines, and nothing that depends on them. */
  readonly exclude?: readonly string[];
  /** Recreated even if unchanged. */
  readonly replace?: readonly string[];
  /** Start machines that were stopped, suspended or paused on purpose too. */
  readonly start?: boolean;
  readonly signal?: AbortSignal;
}

export interface PowerOptions {
  /** Names of machines (default: all of the lab). */
  readonly machines?: readonly string[];
  readonly signal?: AbortSignal;
}

/** How a plan is carried out. */
export interface ApplyOptions {
  /** Maximum parallel operations (default: 4). */
  readonly parallel?: number;
  /** First interrupt: no further operation is started, running ones may finish, the state is saved. */
  readonly interrupt?: AbortSignal;
  /** Second interrupt: running operations are interrupted; the next plan settles them. */
  readonly kill?: AbortSignal;
  /** Milliseconds to wait for another holder of the lock (default: 0). */
  readonly lockWaitMs?: number;
}

/** Why a plan is the one that is carried out: what was given, or what took its place. */
export type PlanReason = 'given' | 'images-fetched' | 'lab-changed';

export interface ApplyFreshOptions extends ApplyOptions {
  /** Makes the plan again, from the lab as it is by then. A saved plan has none: it is carried out as it is. */
  readonly replan?: (() => Promise<Plan>) | undefined;
  /** A plan that another apply has made stale is refused instead of replaced: this very one was agreed to. @default false */
  readonly keepsPlan?: boolean;
  /** Called with each plan before it is carried out. */
  readonly beforeApply?: (plan: Plan, reason: PlanReason) => void | Promise<void>;
}

/** The plan that was carried out in the end, and what came of it. */
export interface FreshResult {
  readonly plan: Plan;
  readonly result: ApplyResult;
}

/** What came of a plan that was carried out. */
export interface ApplyResult {
  readonly outcome: 'done' | 'failed' | 'interrupted';
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly durationMs: number;
  readonly errors: readonly { readonly resource: string; readonly error: ErrorReport }[];
  /** Operations that were interrupted: the next plan inspects the machine and settles them. */
  readonly inDoubt: readonly string[];
}

/** A machine of the state, for exec, ssh, cp and logs. */
export interface FoundMachine {
  readonly name: string;
  readonly spec: MachineSpec;
  readonly record: BackendRecord;
  /** Whose machine it is, as the backend's calls want it. */
  readonly scope: LabScope;
}
