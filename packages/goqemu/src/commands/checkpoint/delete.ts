import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointChangeOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, input: CommandInput<CheckpointChangeOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, input.options, eventLog(context.logger).handle);
  const report = await lab.engine.deleteCheckpoint(input.positionals[0] ?? '', { signal: context.shell.interrupt });
  if (input.options.json) context.printJson(report);
  else context.print(`deleted ${report.id} (${report.descriptions.join(', ')})\n`);
  return exitCode.done;
}
