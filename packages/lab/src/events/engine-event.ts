import type { BackendProgress } from '../backend/progress.ts';
import type { OperationAction } from '../resource/operation.ts';
import type { ResourceRef } from '../resource/resource-ref.ts';

/** Version of the events; a reader refuses a higher one. */
export const engineEventVersion = 2;

/** The first line of an event stream, before any event. */
export const eventStreamHeader = { type: 'stream', format: 'goqemu-events', version: engineEventVersion } as const;

/** An error as an event or a document carries it. */
export interface ErrorReport {
  readonly code: string;
  readonly source: 'user' | 'environment' | 'internal';
  readonly message: string;
  readonly subject?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly location?: { readonly file: string; readonly line?: number; readonly column?: number };
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What every event of an operation says of it. */
export interface OperationHeader {
  readonly id: string;
  readonly action: OperationAction;
  readonly resource: ResourceRef;
  /** The step of the resource that it is about; of the whole of it when absent. */
  readonly step?: string;
  readonly reason: string;
  /** Ids of the operations that have to be done before. */
  readonly dependsOn: readonly string[];
  readonly estimateMs?: number;
}

/** What the engine tells while it works. `at` is an ISO 8601 time. Free of secrets. */
export type EngineEvent = { readonly at: string } & (
  | { readonly type: 'plan-made'; readonly lab: string; readonly stack: string; readonly changes: number }
  | {
      readonly type: 'apply-started';
      readonly lab: string;
      readonly stack: string;
      readonly operations: readonly OperationHeader[];
    }
  | { readonly type: 'operation-started'; readonly operation: OperationHeader }
  | { readonly type: 'operation-progress'; readonly id: string; readonly progress: BackendProgress }
  | { readonly type: 'operation-done'; readonly id: string; readonly durationMs: number }
  | { readonly type: 'operation-failed'; readonly id: string; readonly error: ErrorReport }
  /** Not begun, because something that it needs failed or the apply was interrupted. */
  | { readonly type: 'operation-skipped'; readonly id: string; readonly reason: string }
  /** Progress of work that belongs to no operation of a plan: images, checkpoints, settling after a crash. */
  | { readonly type: 'progress'; readonly subject: string; readonly progress: BackendProgress }
  | { readonly type: 'notice'; readonly code: string; readonly message: string; readonly hint?: string }
  | { readonly type: 'state-saved'; readonly serial: number }
  | {
      readonly type: 'apply-done';
      readonly outcome: 'done' | 'failed' | 'interrupted';
      readonly durationMs: number;
    }
);

/** An event before the engine has stamped it. */
export type UnstampedEvent = EngineEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;
