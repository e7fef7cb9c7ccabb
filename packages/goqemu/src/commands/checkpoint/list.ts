import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { renderCheckpoints } from '../../render/render-checkpoints.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointListOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<CheckpointListOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const report = await lab.engine.listCheckpoints({ signal: context.shell.interrupt });
  if (options.json) context.printJson(report);
  else if (report.checkpoints.length === 0)
    context.print(`Lab ${lab.name} has no checkpoint; make one with: goqemu checkpoint create NAME\n`);
  else context.print(renderCheckpoints(report.checkpoints, context.style));
  return exitCode.done;
}
