import type { CommandContext } from '../shell/command-context.ts';
import { removeTrace } from './remove-trace.ts';
import { type FoundTrace, readTraces } from './trace-folder.ts';

export interface PrunedTraces {
  readonly removed: readonly FoundTrace[];
  readonly bytes: number;
}

/** Removes the oldest traces beyond a number. @param run whose traces stay in any case */
export async function pruneTraces(
  context: CommandContext,
  { folder, keep, run }: { readonly folder: string; readonly keep: number; readonly run?: string },
): Promise<PrunedTraces> {
  const { traces } = await readTraces(folder);
  const removed = traces.slice(keep).filter(({ record }) => record.run !== run);
  let bytes = 0;
  for (const trace of removed) bytes += await removeTrace(context, trace);
  return { removed, bytes };
}
