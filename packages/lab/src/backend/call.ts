import type { BackendProgress } from './progress.ts';

/** Whose machines these are; folder names come from it. */
export interface LabScope {
  readonly lab: string;
  readonly stack: string;
  /** The state's lineage: 12 lower-case hex digits, made with the first state and never again. */
  readonly lineage: string;
}

/** What every call is given. */
export interface BackendCall {
  readonly scope: LabScope;
  readonly signal: AbortSignal;
  readonly progress: (event: BackendProgress) => void;
}

/** Opaque to the engine: whatever the backend needs to find a machine again. JSON, without secrets. */
export type BackendRecord = Readonly<Record<string, unknown>>;
