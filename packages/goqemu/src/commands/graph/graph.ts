import type { CommandInput } from '../../arguments/command-spec.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { evaluateFor } from '../../lab/evaluate-for.ts';
import { graphOf } from '../../lab/lab-graph.ts';
import { openLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { type GraphFormat, renderGraph } from '../../render/render-graph.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { GraphOptions } from './graph.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<GraphOptions>,
): Promise<number> {
  await using lab = await openLab(
    context,
    chooseLab(context, positionals[0], options),
    eventLog(context.logger).handle,
  );
  const graph = graphOf(await evaluateFor(context, lab, options));
  context.print(renderGraph(graph, (options.format ?? 'mermaid') as GraphFormat));
  return exitCode.done;
}
