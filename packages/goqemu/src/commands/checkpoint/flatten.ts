import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointChangeOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, input: CommandInput<CheckpointChangeOptions>): Promise<number> {
  const { options, positionals } = input;
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const report = await lab.engine.flattenCheckpoint(positionals[0] ?? '', { signal: context.shell.interrupt });
  if (options.json) context.printJson(report);
  else
    for (const { name, depth, bytes } of report.machines)
      context.print(
        depth === 0
          ? `${name}: it stands on its image already, ${roundedSize(bytes.after)}\n`
          : `${name}: written as one file on its image, ${roundedSize(bytes.before)} above ${depth} ${depth === 1 ? 'layer' : 'layers'} before, ${roundedSize(bytes.after)} now\n`,
      );
  return exitCode.done;
}
