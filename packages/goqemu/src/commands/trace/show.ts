import { dirname, relative } from 'node:path';
import { shellQuote } from '@goqemu/core';
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
  else {
    const isUsual = dirname(trace.path) === tracesFolder(workingFolder, undefined);
    const called = isUsual ? trace.name : shellQuote(relative(workingFolder, trace.path));
    const view = { style: context.style, workingFolder, full: options.full === true, called };
    context.print(renderTrace(trace, view));
  }
  return exitCode.done;
}
