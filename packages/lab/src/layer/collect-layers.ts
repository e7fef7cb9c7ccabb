import type { Backend, BackendCall } from '../backend/backend.ts';
import type { LabState } from '../state/lab-state.ts';
import type { StateWriter } from '../state/state-writer.ts';

/**
 * Layers that nothing needs any more are kept for the case that a change is taken back: the last used ones, up to
 * this many and this many bytes of disk.
 */
const spareBudget = { layers: 64, bytes: 20 * 2 ** 30 };

/** Layers that machines and checkpoints stand on. */
export function neededLayers(state: LabState): ReadonlySet<string> {
  const needed = new Set<string>();
  for (const machine of Object.values(state.machines)) {
    if (machine.layer !== null) needed.add(machine.layer);
    for (const step of machine.applied) needed.add(step.key);
    for (const step of machine.above ?? []) needed.add(step.key);
    for (const layer of Object.values(machine.checkpoints)) needed.add(layer);
  }
  for (const checkpoint of Object.values(state.checkpoints)) {
    for (const machine of Object.values(checkpoint.machines)) needed.add(machine.layer);
  }
  return needed;
}

/** Checkpoints taken by hand of machines that are all gone: no plan can make them again, nothing can restore them. */
export async function forgetLostCheckpoints(writer: StateWriter): Promise<readonly string[]> {
  const { checkpoints, machines } = writer.state;
  const lost = Object.values(checkpoints).filter((one) => !Object.keys(one.machines).some((name) => machines[name]));
  if (lost.length === 0) return [];
  const layers = lost.flatMap((one) => Object.values(one.machines).map((machine) => machine.layer));
  await writer.note({
    checkpoints: Object.fromEntries(lost.map((one) => [one.id, null])),
    layers: Object.fromEntries(layers.map((layer) => [layer, null])),
  });
  return layers;
}

/** Gives up the layers that are neither needed nor among the spare ones, the longest unused first, and those in `gone`. */
export async function collectGarbage(
  backend: Backend,
  writer: StateWriter,
  call: BackendCall,
  options: { readonly gone?: readonly string[] } = {},
): Promise<void> {
  const { state } = writer;
  const needed = neededLayers(state);
  const idle = Object.entries(state.layers)
    .filter(([key]) => !needed.has(key))
    .sort(([, a], [, b]) => b.usedAt - a.usedAt);
  let bytes = 0;
  const fitting = idle.findIndex(([, note], index) => {
    bytes += note.bytes;
    return index >= spareBudget.layers || bytes > spareBudget.bytes;
  });
  const spare = fitting < 0 ? idle.length : fitting;
  const gone = idle.slice(spare);
  if (gone.length === 0 && !options.gone) return;
  const keep = [...needed, ...idle.slice(0, spare).map(([key]) => key)];
  await backend.collectLayers(keep, call);
  const rows = Object.fromEntries(gone.map(([key]) => [key, null]));
  if (gone.length > 0) await writer.note({ layers: rows, captures: rows });
}
