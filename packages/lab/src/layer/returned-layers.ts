import type { LabState } from '../state/lab-state.ts';

/** Layers that a machine was taken back to, by an edit or after a step that failed: the last first. */
export function returnedLayers({ layers }: LabState, machine: string): readonly string[] {
  return Object.entries(layers)
    .filter(([, note]) => note.machine === machine && note.returnedAt !== undefined)
    .sort(([, a], [, b]) => (b.returnedAt ?? 0) - (a.returnedAt ?? 0))
    .map(([key]) => key);
}

/** So many of them stay, with their RAM: a user who edits a step returns to the layer before it, again and again. */
export const keptReturns = 2;
