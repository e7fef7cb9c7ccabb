import { relative } from 'node:path';
import { errorMessage } from '@goqemu/core';
import { isKept, type RunSettings } from '@goqemu/test/process';
import type { CommandContext } from '../../shell/command-context.ts';
import { pruneTraces } from '../../traces/prune-traces.ts';
import { readTraces } from '../../traces/trace-folder.ts';

/** Removes traces of earlier runs beyond those that are kept, and says how those of this run are entered. */
export async function settleTraces(
  context: CommandContext,
  { trace, traces: folder, keepTraces: keep, id: run }: RunSettings,
): Promise<void> {
  if (trace === 'off') return;
  try {
    await pruneTraces(context, { folder, keep, run });
  } catch (error) {
    context.tell(`old traces could not be removed: ${errorMessage(error)}`); // the tests have their result already
  }
  const { traces } = await readTraces(folder);
  const own = traces.filter(({ record }) => record.run === run).reverse();
  if (own.length === 0) return;
  const { workingFolder } = context.shell;
  const count = own.length === 1 ? 'one failure' : `${own.length} failures`;
  context.tell(`traces of ${count} are in ${relative(workingFolder, folder) || '.'}; read one, or enter its machines:`);
  for (const { name, record } of own.slice(0, shown)) {
    const place = record.evidence?.place;
    context.tell(`  goqemu trace ${place && isKept(place) ? 'open' : 'show'} ${name}`);
  }
  if (own.length > shown) context.tell(`  and ${own.length - shown} more: goqemu trace list`);
}

const shown = 5;
