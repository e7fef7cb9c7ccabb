import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointPruneOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<CheckpointPruneOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const dryRun = options['dry-run'];
  const report = await lab.engine.pruneLayers({ dryRun, signal: context.shell.interrupt });
  const layers = `${report.removed} ${report.removed === 1 ? 'layer' : 'layers'}, ${roundedSize(report.bytes)}`;
  if (options.json) context.printJson(report);
  else context.print(`${dryRun ? 'would remove' : 'removed'} ${layers}\n`);
  return exitCode.done;
}
