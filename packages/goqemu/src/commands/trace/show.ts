import type { CommandInput } from '../../arguments/command-spec.ts';
import { renderTrace } from '../../render/render-trace.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { findTrace, tracesFolder } from '../../traces/trace-folder.ts';
import type { TraceShowOptions } from './trace.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<TraceShowOptions>,
): Promise<number> {
  const { workingFolder } = context.shell;
  const trace = await findTrace(positionals[0], tracesFolder(workingFolder, options['trace-dir']), workingFolder);
  if (options.json) context.printJson(trace.record);
  else context.print(renderTrace(trace, { style: context.style, workingFolder, full: options.full === true }));
  return exitCode.done;
}
