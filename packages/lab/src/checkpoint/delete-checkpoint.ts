import { GoqemuError } from '@goqemu/core';
import type { EngineContext } from '../engine/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { collectGarbage } from '../layer/collect-layers.ts';
import { StateWriter } from '../state/state-writer.ts';
import type { CheckpointReport } from './checkpoint-report.ts';
import { findCheckpoint } from './find-checkpoint.ts';
import { checkpointReport } from './list-checkpoints.ts';

/** Takes a checkpoint's name away; its files go when nothing reaches them any more. */
export async function deleteCheckpoint(
  context: EngineContext,
  idOrName: string,
  signal: AbortSignal | undefined,
): Promise<CheckpointReport> {
  await using _lock = await lockLab(context, 0, signal);
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
    await writer.begin(found.id, { checkpoints: { [found.id]: null } });
    const named = new Set(
      Object.values(writer.state.checkpoints).flatMap((one) =>
        Object.values(one.machines).map((machine) => machine.layer),
      ),
    );
    for (const layer of layers) {
      if (stored.has(layer) && !named.has(layer)) await context.backend.describeLayer(layer, [], call);
    }
    // What was taken by hand can be made by no plan: nothing is kept in case it is wanted again.
    const inUse = new Set(Object.values(writer.state.machines).map((machine) => machine.layer));
    const gone = layers.filter((layer) => !named.has(layer) && !inUse.has(layer));
    await writer.end(found.id, { layers: Object.fromEntries(gone.map((layer) => [layer, null])) });
    if (gone.length > 0) await collectGarbage(context.backend, writer, call, { gone });
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
  return report;
}
