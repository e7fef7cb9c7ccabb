import type { AppliedStep } from '../state/lab-state.ts';

/** A manual checkpoint, a name that the lab gives to layers of its machines, or what failed steps left on them. */
export interface FoundCheckpoint {
  readonly id: string;
  readonly origin: 'declared' | 'taken' | 'failed';
  readonly description: string;
  readonly createdAt: string;
  /** Id of the checkpoint that it stands on. */
  readonly parent: string | null;
  readonly machines: Readonly<Record<string, { readonly layer: string; readonly applied: readonly AppliedStep[] }>>;
}
