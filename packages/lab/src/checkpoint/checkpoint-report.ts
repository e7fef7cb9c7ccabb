import type { FlattenedLayer } from '../backend/backend.ts';

/** The document of `checkpoint create --json`, and an entry of `checkpoint list --json`. */
export interface CheckpointReport {
  readonly version: 1;
  /** Short id. */
  readonly id: string;
  /** `[description, lab or machine]`. */
  readonly descriptions: readonly string[];
  readonly createdAt: string;
  /** Short id of the checkpoint below it. */
  readonly parent: string | null;
  /** Empty when a part of it is gone; `ram` when all of its machines have theirs. */
  readonly contents: readonly ('disk' | 'ram' | 'uefi-variables')[];
  readonly bytes: number;
  /** `declared` by the lab, `taken` manually, or what a `failed` step left. */
  readonly origin: 'declared' | 'taken' | 'failed';
  readonly machines: readonly { readonly name: string; readonly layer: string }[];
  /** Stacks that are forks of it. */
  readonly forks: readonly string[];
}

export interface CheckpointListReport {
  readonly version: 1;
  readonly checkpoints: readonly CheckpointReport[];
}

/** What a restore did: which machines went back, and which have no such checkpoint and stay as they are. */
export interface RestoreReport {
  readonly version: 1;
  readonly id: string;
  readonly restored: readonly string[];
  readonly untouched: readonly string[];
  readonly durationMs: number;
}

/** The document of `checkpoint flatten --json`. */
export interface FlattenReport {
  readonly version: 1;
  readonly id: string;
  readonly machines: readonly ({ readonly name: string; readonly layer: string } & FlattenedLayer)[];
}
