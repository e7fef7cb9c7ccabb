import type { EngineContext } from '../engine/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { StateWriter } from '../state/state-writer.ts';
import { neededLayers } from './collect-layers.ts';

/** The document of `checkpoint prune --json`. */
export interface PruneReport {
  readonly version: 1;
  readonly dryRun: boolean;
  /** Layers that went, or would go. */
  readonly removed: number;
  /** Bytes that they took on the disk, with the RAM of those that stay as a disk alone. */
  readonly bytes: number;
}

/**
 * Gives up the layers that no machine and no checkpoint needs. They are kept otherwise, within a budget, for the case
 * that a change is taken back or a destroyed lab applied again.
 *
 * @throws GoqemuError `locked`; not for a dry run, which takes no lock and changes nothing
 */
export async function pruneLayers(
  context: EngineContext,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal | undefined },
): Promise<PruneReport> {
  const { dryRun, signal } = options;
  if (dryRun) {
    const { state } = await context.read();
    const call = context.plainCall(state.lineage, 'layers', signal);
    const { removed, bytes } = await context.backend.collectLayers([...neededLayers(state)], call, { dryRun });
    return { version: 1, dryRun, removed, bytes };
  }
  await using _lock = await lockLab(context, 0, signal);
  const read = await context.read();
  if (!read.exists) return { version: 1, dryRun, removed: 0, bytes: 0 };
  const writer = await StateWriter.open(context.storage, read, context.command);
  try {
    const needed = neededLayers(writer.state);
    const idle = Object.keys(writer.state.layers).filter((key) => !needed.has(key));
    const call = context.plainCall(read.state.lineage, 'layers', signal);
    const { removed, bytes } = await context.backend.collectLayers([...needed], call);
    const rows = Object.fromEntries(idle.map((key) => [key, null]));
    if (idle.length > 0) await writer.note({ layers: rows, captures: rows });
    // With the last layer goes what was kept for it: the keys that let goqemu into its guest.
    if (Object.keys(writer.state.machines).length === 0) await context.backend.dispose(call);
    return { version: 1, dryRun, removed, bytes };
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
}
