import { GoqemuError } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { collectGarbage } from '../layer/collect-layers.ts';
import { namedLayers } from '../layer/layer-facts.ts';
import type { LabState, StatePatch } from '../state/lab-state.ts';
import { withoutFailed } from '../state/settle-checkpoints.ts';
import { StateWriter } from '../state/state-writer.ts';
import type { CheckpointReport } from './checkpoint-report.ts';
import { findCheckpoint } from './find-checkpoint.ts';
import type { FoundCheckpoint } from './found-checkpoint.ts';
import { checkpointReport } from './list-checkpoints.ts';

/** Takes a checkpoint's name away; its files go when nothing reaches them any more. */
export async function deleteCheckpoint(
  context: EngineContext,
  idOrName: string,
  { lockWaitMs = 0, signal }: { readonly lockWaitMs?: number; readonly signal?: AbortSignal },
): Promise<CheckpointReport> {
  await using _lock = await lockLab(context, lockWaitMs, signal);
  const read = await context.read();
  const found = findCheckpoint(read.state, idOrName);
  if (found.origin === 'declared') {
    throw new GoqemuError({
      code: 'checkpoint-declared',
      source: 'user',
      subject: idOrName,
      message: `the checkpoint "${found.description}" is declared by the lab`,
      hint: 'take it out of the lab and apply',
    });
  }
  const call = context.plainCall(read.state.lineage, 'checkpoint', signal);
  const layers = Object.values(found.machines).map((machine) => machine.layer);
  const stored = await context.backend.findLayers(layers, call);
  const report = checkpointReport(found, stored, read.state);
  const writer = await StateWriter.open(context.storage, read, context.command);
  try {
    await writer.begin(found.id, nameless(writer.state, found));
    const named = namedLayers(writer.state);
    for (const layer of layers) {
      if (stored.has(layer) && !named.has(layer)) await context.backend.describeLayer(layer, [], call);
    }
    // No plan can make a manual checkpoint again: nothing is kept in case it is wanted again.
    const inUse = new Set(Object.values(writer.state.resources.machine).map((machine) => machine.layer));
    const gone = layers.filter((layer) => !named.has(layer) && !inUse.has(layer));
    await writer.end(found.id, { layers: without(writer.state.layers, new Set(gone)) });
    if (gone.length > 0) await collectGarbage(context.backend, writer, call, { gone });
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
  return report;
}

/** The state without the name. */
function nameless(state: LabState, { id, origin, machines }: FoundCheckpoint): StatePatch {
  if (origin === 'taken') return { checkpoints: { [id]: null } };
  const rows = Object.values(state.resources.machine).filter(({ name }) => machines[name]);
  return { resources: { machine: Object.fromEntries(rows.map((machine) => [machine.name, withoutFailed(machine)])) } };
}

/** The notes of layers without some of them: what stood on one stands on what that one stood on. */
function without(notes: LabState['layers'], gone: ReadonlySet<string>): NonNullable<StatePatch['layers']> {
  const below = (key: string | null): string | null =>
    key !== null && gone.has(key) ? below(notes[key]?.parent ?? null) : key;
  const above = Object.entries(notes).filter(([key, { parent }]) => !gone.has(key) && parent !== below(parent));
  return Object.fromEntries([
    ...[...gone].map((key) => [key, null] as const),
    ...above.map(([key, note]) => [key, { ...note, parent: below(note.parent) }] as const),
  ]);
}
