import { keptReturns, returnedLayers } from '../layer/returned-layers.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';

/**
 * The layers whose RAM is given up for the one that is being cut above the machine's. The newest two keep theirs, since a
 * user who edits the last step returns to the layer before it, again and again; and so do the two that the machine was
 * taken back to last, for a user who edits a step further below. A layer that has a name, begins the chain, or is the base of another
 * machine keeps it too.
 */
export function layersToGiveUpRam(context: ApplyContext, name: string, machine: MachineState): readonly string[] {
  const { state } = context.writer;
  const below = machine.layer === null ? undefined : state.layers[machine.layer]?.parent;
  const returned = returnedLayers(state, name);
  const kept = new Set([machine.layer, machine.applied[0]?.key, ...returned.slice(0, keptReturns)]);
  const older = new Set([...(below ? [below] : []), ...returned.slice(keptReturns)]);
  return [...older].filter((key) => !kept.has(key) && !context.isOriginToCome(key) && isOnlyOf(state, name, key));
}

/** Whether a layer is of this machine, and of no use but to go back to. */
function isOnlyOf(state: LabState, name: string, layer: string): boolean {
  if (state.layers[layer]?.machine !== name) return false;
  const isNamed = Object.values(state.checkpoints).some((one) =>
    Object.values(one.machines).some((taken) => taken.layer === layer),
  );
  const isUsed = Object.values(state.resources.machine).some(
    (other) => Object.values(other.checkpoints).includes(layer) || (other.name !== name && other.layer === layer),
  );
  return !isNamed && !isUsed;
}
