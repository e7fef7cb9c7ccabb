import type { SourceLocation } from '@goqemu/core';
import type { ResourceRef } from './resource-ref.ts';

/** What an operation does, as `plan --json` names it. */
export type OperationAction =
  | 'create'
  | 'update'
  | 'replace'
  | 'delete'
  | 'start'
  | 'stop'
  | 'suspend'
  | 'resume'
  | 'run'
  | 'restore'
  | 'reuse';

/** What a change costs: nothing, a restart, a way back to a layer, or a new disk. */
export type ChangeClass = 'live' | 'restart' | 'rollback' | 'recreate';

/** One property that differs; absent sides were not there. Never a secret. */
export interface PropertyChange {
  readonly property: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Unified diff of two longer texts. */
  readonly text?: string;
}

/** One line of a plan. */
export interface Operation {
  /** Unique within the plan. */
  readonly id: string;
  readonly action: OperationAction;
  readonly resource: ResourceRef;
  /** The step of the resource that it is about; of the whole of it when absent. */
  readonly step?: string;
  /** Why, human-readable: `the disk grows from 10 GB to 20 GB`. */
  readonly reason: string;
  readonly changeClass?: ChangeClass;
  readonly diff: readonly PropertyChange[];
  /** From recorded durations; undefined when it has not been done before. */
  readonly estimateMs?: number;
  readonly dependsOn: readonly string[];
  readonly location?: SourceLocation;
  /** What carrying it out means, as plain JSON: for its kind alone to read. */
  readonly work: unknown;
}
