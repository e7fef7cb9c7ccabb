import type { LabState } from '../state/lab-state.ts';
import type { FoundCheckpoint } from './found-checkpoint.ts';

/**
 * Puts each checkpoint below the one that its layers stand on, declared or taken: the nearest named layer below that of
 * the first of its machines that has one.
 */
export function withParents(state: LabState, checkpoints: readonly FoundCheckpoint[]): readonly FoundCheckpoint[] {
  return checkpoints.map((checkpoint) => {
    const others = checkpoints.filter((one) => one !== checkpoint);
    const parent = Object.keys(checkpoint.machines)
      .map((name) => nearestBelow(state, checkpoint, name, namedOn(others, name)))
      .find((id) => id !== undefined);
    return { ...checkpoint, parent: parent ?? null };
  });
}

/** The ids of checkpoints by the layers of one machine that they name. */
function namedOn(checkpoints: readonly FoundCheckpoint[], machine: string): ReadonlyMap<string, string> {
  return new Map(
    checkpoints.flatMap(({ id, machines }) => {
      const layer = machines[machine]?.layer;
      return layer === undefined ? [] : [[layer, id] as const];
    }),
  );
}

function nearestBelow(
  { layers }: LabState,
  { machines }: FoundCheckpoint,
  name: string,
  named: ReadonlyMap<string, string>,
): string | undefined {
  const { layer, applied } = machines[name] ?? { layer: '', applied: [] };
  for (let key = layers[layer]?.parent; key; key = layers[key]?.parent) {
    const id = named.get(key);
    if (id !== undefined) return id;
  }
  // Layers that another lab has cut are not noted here; the steps behind them are.
  const below = applied.findLast((step) => step.key !== layer && named.has(step.key));
  return below && named.get(below.key);
}
