import { ramShape } from '@goqemu/spec';
import type { StoredLayer } from '../backend/backend.ts';
import {
  copyState,
  type LabState,
  type LayerNote,
  type MachineState,
  patchInPlace,
  type StatePatch,
  type TakenCheckpoint,
} from './lab-state.ts';

/** One that nothing of a failed step is kept of. */
export function withoutFailed({ failed: _failed, ...machine }: MachineState): MachineState {
  return machine;
}

type FindLayers = (keys: readonly string[]) => Promise<ReadonlyMap<string, StoredLayer>>;

/**
 * Checkpoints whose cut was begun by a process that died before it could say what came of it: the store knows. The
 * backend puts all layers of a cut into the store at once, so that such a checkpoint is whole or was never taken. What a
 * failed step left is likewise kept or was not.
 */
export async function settleCheckpoints(state: LabState, findLayers: FindLayers): Promise<LabState> {
  const pending = Object.values(state.checkpoints).filter((checkpoint) => checkpoint.pending);
  const failing = Object.values(state.resources.machine).flatMap((machine) =>
    machine.failed?.pending ? [[machine, machine.failed] as const] : [],
  );
  if (pending.length === 0 && failing.length === 0) return state;
  const stored = await findLayers([...pending.flatMap(layersOf), ...failing.map(([, { layer }]) => layer)]);
  const settled = copyState(state);
  for (const checkpoint of pending) {
    const isWhole = layersOf(checkpoint).every((layer) => stored.has(layer));
    patchInPlace(settled, isWhole ? taken(settled, checkpoint, stored) : { checkpoints: { [checkpoint.id]: null } });
  }
  for (const [{ name }, { pending: _pending, ...failed }] of failing) {
    const machine = settled.resources.machine[name] as MachineState;
    const row = stored.has(failed.layer) ? { ...machine, failed } : withoutFailed(machine);
    patchInPlace(settled, { resources: { machine: { [name]: row } } });
  }
  return settled;
}

/** What the state says of a checkpoint, and of the machines that now stand on its layers. */
export function taken(
  state: LabState,
  { pending: _pending, ...checkpoint }: TakenCheckpoint,
  stored: ReadonlyMap<string, StoredLayer>,
): StatePatch {
  const machines: Record<string, MachineState> = {};
  const layers: Record<string, LayerNote> = {};
  for (const [name, { layer }] of Object.entries(checkpoint.machines)) {
    const before = state.resources.machine[name];
    if (!before) continue;
    const { cutting, ...machine } = before;
    const bytes = stored.get(layer)?.bytes ?? 0;
    const usedAt = Date.parse(checkpoint.createdAt);
    layers[layer] = { machine: name, parent: before.layer, shape: ramShape(before.spec), bytes, usedAt };
    if (cutting?.key === layer) machines[name] = { ...machine, layer };
  }
  return { checkpoints: { [checkpoint.id]: checkpoint }, resources: { machine: machines }, layers };
}

function layersOf(checkpoint: TakenCheckpoint): readonly string[] {
  return Object.values(checkpoint.machines).map((machine) => machine.layer);
}
