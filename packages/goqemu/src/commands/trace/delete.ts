import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { pruneTraces } from '../../traces/prune-traces.ts';
import { removeTrace } from '../../traces/remove-trace.ts';
import { findTrace, tracesFolder } from '../../traces/trace-folder.ts';
import type { TraceDeleteOptions } from './trace.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<TraceDeleteOptions>,
): Promise<number> {
  const { workingFolder } = context.shell;
  const folder = tracesFolder(workingFolder, options['trace-dir']);
  const ways = [positionals.length > 0, Boolean(options.all), options.keep !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usageError('which traces?', 'name some, or write --all, or --keep N');
  if (positionals.length === 0) {
    const { removed, bytes } = await pruneTraces(context, { folder, keep: options.keep ?? 0 });
    context.print(deletedText(removed.length, bytes));
    return exitCode.done;
  }
  const found = [];
  for (const name of positionals) found.push(await findTrace(name, folder, workingFolder));
  let bytes = 0;
  for (const trace of found) bytes += await removeTrace(context, trace);
  context.print(deletedText(found.length, bytes));
  return exitCode.done;
}

function deletedText(count: number, bytes: number): string {
  return `deleted ${count} ${count === 1 ? 'trace' : 'traces'}, ${roundedSize(bytes)} of machines\n`;
}
