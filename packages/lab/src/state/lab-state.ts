import type { ProcessIdentity } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/spec';
import type { BackendRecord } from '../backend/backend.ts';
import type { OutputValue } from '../evaluate/lab.ts';
import type { LayerLimits } from '../layer/layer-limits.ts';

export const stateFormat = 'goqemu-state';
export const stateVersion = 2;

/** A step that a machine has behind it; the first is the machine itself, ready, before any step. */
export interface AppliedStep {
  readonly key: string;
  readonly name: string;
  /** What it was made of, for the diff of a later plan. No secrets. */
  readonly summary: Readonly<Record<string, unknown>>;
  /** It gives output, or has to do with other machines: it is not run again merely for the sake of a later step. */
  readonly bound?: true;
  /** It runs again by the clock, or each time. */
  readonly expires?: true;
}

/** What a failed step left on a machine before that was taken back; it is kept until the next apply. */
export interface FailedState {
  readonly layer: string;
  /** Written before the cut: it counts if the layer is in the store. */
  readonly pending?: boolean;
  readonly step: string;
  readonly at: string;
  /** What the machine had behind it before the step. */
  readonly applied: readonly AppliedStep[];
}

/** What the state knows of a resource, whatever its kind. */
export interface ResourceState {
  readonly name: string;
  /** Null for one that was never made here. */
  readonly record: BackendRecord | null;
  /** `making` and `deleting` are written before the act: a crash leaves them, and the next plan starts over. */
  readonly phase: 'making' | 'made' | 'deleting';
}

/** Rows of resources by their names, a table for each kind. */
export interface ResourceTables {
  readonly machine: Readonly<Record<string, MachineState>>;
  readonly [kind: string]: Readonly<Record<string, ResourceState>>;
}

/** What the state knows of a machine. */
export interface MachineState extends ResourceState {
  /** As it was made; `spec.name` is the backend's name for it and stays when the lab renames the machine. */
  readonly spec: MachineSpec;
  readonly image: { readonly reference: string; readonly key: string };
  /** Null for a template whose layers were all found and that was never made here. */
  readonly record: BackendRecord | null;
  /** Key of the layer that its first start is to end in. */
  readonly base: string;
  /** In order; empty until the machine has been ready once. */
  readonly applied: readonly AppliedStep[];
  /** What it had behind it before it was manually restored to an earlier checkpoint, to find a later one. */
  readonly above?: readonly AppliedStep[];
  /** The layer that its disk stands on; null while that is the image alone. */
  readonly layer: string | null;
  /** False until a start has come to its end. */
  readonly ready: boolean;
  /**
   * What it was made to be on purpose, written before the act; absent for one that is to run. It counts while a status
   * check agrees.
   */
  readonly power?: 'stopped' | 'suspended';
  /** A step or a restore was begun and not finished: the disk is to go back to `layer`. */
  readonly dirty: boolean;
  /** A manual checkpoint whose cut was begun and not finished. */
  readonly cutting?: { readonly key: string; readonly checkpoint: string };
  readonly failed?: FailedState;
  /** Named checkpoints that the lab declares, to their layers. */
  readonly checkpoints: Readonly<Record<string, string>>;
  readonly protect: boolean;
  readonly retain: boolean;
  /** It was not started by goqemu: it stands on no layer, and cannot be started again or taken back. */
  readonly imported?: boolean;
}

/** A layer that this lab has cut, for estimates and collection. */
export interface LayerNote {
  readonly machine: string;
  readonly parent: string | null;
  /** Devices that its RAM fits: architecture, firmware, memory, cores, accelerator. */
  readonly shape: string;
  /** On the disk, when it was cut. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** When its machine was last taken back to it, in milliseconds since 1970: a step above it was edited, or failed. */
  readonly returnedAt?: number;
}

/** Captured output, by the key of the step that gave it. */
export type Capture = { readonly value: string } | { readonly encrypted: string };

/** A manual checkpoint. */
export interface TakenCheckpoint {
  readonly id: string;
  /** Written before the cut: it counts if all of its layers are in the store, and never was if one of them is not. */
  readonly pending?: boolean;
  readonly description: string;
  readonly createdAt: string;
  readonly machines: Readonly<Record<string, { readonly layer: string; readonly applied: readonly AppliedStep[] }>>;
}

/** What a stack is a fork of. */
export interface ForkOrigin {
  readonly stack: string;
  readonly checkpoint: { readonly id: string; readonly description: string };
  /**
   * The stack at the beginning of the line of forks: the lab's program is passed this name, and its key opens what is
   * encrypted in the state.
   */
  readonly root: string;
  /** Lineages that it comes from, nearest first: keys of captured output that was inherited hold one of them. */
  readonly lineages: readonly string[];
  /** Generated secrets that were inherited, with the lineage that each was made in. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The machines of the lab that it has; all of them when absent. */
  readonly machines?: readonly string[];
  /** The process that it is bound to: the next command after the end of that process removes it. */
  readonly owner?: ProcessIdentity;
}

/** What goqemu knows of one stack of one lab: plain JSON, without secrets in clear. */
export interface LabState {
  readonly format: typeof stateFormat;
  readonly version: typeof stateVersion;
  readonly lab: string;
  readonly stack: string;
  /** 12 lower-case hex digits, made once. */
  readonly lineage: string;
  /** Counts the saves. */
  readonly serial: number;
  readonly backend: string;
  readonly savedAt: string;
  readonly forkedFrom?: ForkOrigin;
  readonly resources: ResourceTables;
  readonly layers: Readonly<Record<string, LayerNote>>;
  readonly captures: Readonly<Record<string, Capture>>;
  readonly checkpoints: Readonly<Record<string, TakenCheckpoint>>;
  /** Secrets that were made or asked for, encrypted. */
  readonly secrets: Readonly<Record<string, string>>;
  /** When a step with a time to live last ran, by its key without that time. */
  readonly runs: Readonly<Record<string, number>>;
  /** Milliseconds that things took, by step key or kind. */
  readonly durations: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, OutputValue>>;
  /** What the lab said of its layers when it was last applied; the defaults when absent. */
  readonly layerLimits?: LayerLimits;
}

/** The parts of a state that a journal entry can change: each a table whose rows are set, or taken away by null. */
export type StatePatch = {
  readonly [Table in 'layers' | 'captures' | 'checkpoints' | 'secrets' | 'runs' | 'durations']?: Readonly<
    Record<string, LabState[Table][string] | null>
  >;
} & {
  readonly resources?: ResourcesPatch;
  readonly outputs?: Readonly<Record<string, OutputValue>>;
  readonly forkedFrom?: ForkOrigin;
  readonly layerLimits?: LayerLimits;
};

/** Rows of resources that are set, or taken away by null. Of other kinds than machines, each row is a `ResourceState`. */
export interface ResourcesPatch {
  readonly machine?: Readonly<Record<string, MachineState | null>>;
  readonly [kind: string]: Readonly<Record<string, object | null>> | undefined;
}

/** Machines that can be looked at: a template may never have been made, and one half made has no record yet. */
export function observable(state: LabState): readonly MachineState[] {
  return Object.values(state.resources.machine).filter(
    (machine) => machine.record !== null && machine.phase !== 'making',
  );
}

/** A copy whose tables may be patched in place. */
export function copyState(state: LabState): LabState {
  const copy = { ...state } as Record<string, unknown>;
  for (const table of tables) copy[table] = { ...state[table] };
  copy.resources = Object.fromEntries(Object.entries(state.resources).map(([kind, rows]) => [kind, { ...rows }]));
  return copy as unknown as LabState;
}

/** Changes a state that `copyState` made. */
export function patchInPlace(state: LabState, patch: StatePatch): void {
  for (const table of tables) patchTable(state[table], patch[table]);
  const resources = state.resources as Record<string, ResourceTables[string]>;
  for (const [kind, rows] of Object.entries(patch.resources ?? {})) {
    resources[kind] ??= {};
    patchTable(resources[kind], rows);
  }
  const whole = state as { outputs: unknown; forkedFrom?: ForkOrigin; layerLimits?: LayerLimits };
  if (patch.outputs) whole.outputs = patch.outputs;
  if (patch.forkedFrom) whole.forkedFrom = patch.forkedFrom;
  if (patch.layerLimits) whole.layerLimits = patch.layerLimits;
}

function patchTable(table: Readonly<Record<string, unknown>>, rows: Readonly<Record<string, unknown>> = {}): void {
  const target = table as Record<string, unknown>;
  for (const [name, row] of Object.entries(rows)) {
    if (row === null) delete target[name];
    else target[name] = row;
  }
}

const tables = ['layers', 'captures', 'checkpoints', 'secrets', 'runs', 'durations'] as const;
