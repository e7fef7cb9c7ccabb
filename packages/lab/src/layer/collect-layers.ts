import type { Backend, BackendCall } from '../backend/backend.ts';
import type { LabState } from '../state/lab-state.ts';
import { withoutFailed } from '../state/settle-checkpoints.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { layerFacts, namedLayers } from './layer-facts.ts';
import { defaultLayerLimits } from './layer-limits.ts';

/**
 * Layers that nothing needs any more are kept for the case that a change is taken back: the last used ones, up to
 * this many, and as many as the budget of the lab's layers leaves room for.
 */
const spareLayers = 64;

/** Layers that machines and checkpoints stand on. */
export function neededLayers(state: LabState): ReadonlySet<string> {
  const needed = new Set<string>();
  for (const machine of Object.values(state.resources.machine)) {
    if (machine.layer !== null) needed.add(machine.layer);
    for (const step of machine.applied) needed.add(step.key);
    for (const step of machine.above ?? []) needed.add(step.key);
  }
  for (const layer of namedLayers(state)) needed.add(layer);
  return needed;
}

/** Manual checkpoints of machines that are all gone: no plan can make them again, nothing can restore them. */
export async function forgetLostCheckpoints(writer: StateWriter): Promise<readonly string[]> {
  const { checkpoints, resources } = writer.state;
  const lost = Object.values(checkpoints).filter(
    (one) => !Object.keys(one.machines).some((name) => resources.machine[name]),
  );
  if (lost.length === 0) return [];
  const layers = lost.flatMap((one) => Object.values(one.machines).map((machine) => machine.layer));
  await writer.note({
    checkpoints: Object.fromEntries(lost.map((one) => [one.id, null])),
    layers: Object.fromEntries(layers.map((layer) => [layer, null])),
  });
  return layers;
}

/** Layers of what failed steps have left. */
export function failedLayers({ resources: { machine: machines } }: LabState): ReadonlySet<string> {
  return new Set(Object.values(machines).flatMap(({ failed }) => failed?.layer ?? []));
}

/**
 * Gives up what steps of an earlier apply left when they failed. A machine that was restored to it manually, and is
 * still there, keeps it.
 *
 * @param earlier layers of what had been left before this apply
 */
export async function forgetFailed(writer: StateWriter, earlier: ReadonlySet<string>): Promise<readonly string[]> {
  const over = Object.values(writer.state.resources.machine).filter(
    ({ failed, layer }) => failed && earlier.has(failed.layer) && layer !== failed.layer,
  );
  if (over.length > 0)
    await writer.note({
      resources: { machine: Object.fromEntries(over.map((machine) => [machine.name, withoutFailed(machine)])) },
    });
  const left = neededLayers(writer.state);
  return [...earlier].filter((layer) => !left.has(layer));
}

/** Layers that nothing needs, the last used first. */
export function idleLayers(state: LabState): readonly string[] {
  const needed = neededLayers(state);
  return Object.entries(state.layers)
    .filter(([key]) => !needed.has(key))
    .sort(([, a], [, b]) => b.usedAt - a.usedAt)
    .map(([key]) => key);
}

/** Gives up the layers that are neither needed nor among the spare ones, the longest unused first, and those in `gone`. */
export async function collectGarbage(
  backend: Backend,
  writer: StateWriter,
  call: BackendCall,
  options: { readonly gone?: readonly string[] } = {},
): Promise<void> {
  const { state } = writer;
  const idle = idleLayers(state);
  const { room, bytesOf } = await roomForIdle(backend, state, idle, call);
  let bytes = 0;
  const fitting = idle.findIndex((key, index) => {
    bytes += bytesOf(key);
    return index >= spareLayers || bytes > room;
  });
  const spare = fitting < 0 ? idle.length : fitting;
  const gone = idle.slice(spare);
  if (gone.length === 0 && !options.gone) return;
  await backend.collectLayers([...neededLayers(state), ...idle.slice(0, spare)], call);
  const rows = Object.fromEntries(gone.map((key) => [key, null]));
  if (gone.length > 0) await writer.note({ layers: rows, captures: rows });
}

/** What the budget leaves for layers that nothing needs. Notes may say too much, RAM being given up after the cut. */
async function roomForIdle(
  backend: Backend,
  state: LabState,
  idle: readonly string[],
  call: BackendCall,
): Promise<{ readonly room: number; readonly bytesOf: (key: string) => number }> {
  const { budget } = state.layerLimits ?? defaultLayerLimits;
  const noted = (key: string) => state.layers[key]?.bytes ?? 0;
  const total = Object.keys(state.layers).reduce((sum, key) => sum + noted(key), 0);
  if (idle.length === 0 || total <= budget) return { room: budget, bytesOf: noted };
  const survey = await backend.surveyLayers(call);
  const { unnamed } = layerFacts(state, survey, new Set(idle));
  const inUse = [...unnamed.values()].reduce((sum, layer) => sum + layer.bytes, 0);
  return { room: budget - inUse, bytesOf: (key) => survey.get(key)?.bytes ?? 0 };
}
