import { optionalVerb } from '../backend/optional-verb.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import type { FlattenReport } from './checkpoint-report.ts';
import { findCheckpoint } from './find-checkpoint.ts';

/**
 * Writes the disks of a checkpoint as one file each. Under the lab's lock, although its machines keep running: no
 * other process may delete, collect or cut what is being read, nor flatten it a second time.
 */
export async function flattenCheckpoint(
  context: EngineContext,
  idOrName: string,
  signal: AbortSignal | undefined,
): Promise<FlattenReport> {
  await using _lock = await lockLab(context, 0, signal);
  const { state } = await context.read();
  const { id, machines } = findCheckpoint(state, idOrName);
  const call = context.plainCall(state.lineage, 'checkpoint', signal);
  const flatten = optionalVerb(context.backend, 'flattenLayer');
  if (!flatten) {
    const message = `the backend "${context.backend.kind}" cannot flatten layers: they stay as they are`;
    context.emit({ type: 'notice', code: 'flatten-unsupported', message });
    return { version: 1, id, machines: [] };
  }
  const flattened = [];
  for (const [name, { layer }] of Object.entries(machines))
    flattened.push({ name, layer, ...(await flatten(layer, call)) });
  return { version: 1, id, machines: flattened };
}
