import type { LabState } from '../state/lab-state.ts';

/** The lineage that a generated secret was made in: it enters layer keys, and a fork has its origin's layers. */
export function secretLineage(state: LabState, name: string): string {
  return state.forkedFrom?.secrets[name] ?? state.lineage;
}

/** Lineages that a captured output of this state may have been captured in, its own last. */
export function inheritedLineages(state: LabState): readonly string[] {
  return state.forkedFrom?.lineages ?? [];
}
