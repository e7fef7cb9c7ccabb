import { formatDuration } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointRestoreOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, input: CommandInput<CheckpointRestoreOptions>): Promise<number> {
  const { options, positionals } = input;
  const sink = await chooseRenderer(context, undefined);
  await using lab = await openDeployedLab(context, options, sink.handle);
  const report = await lab.engine.restoreCheckpoint(positionals[0] ?? '', {
    ...(options.vm.length > 0 ? { machines: options.vm } : {}),
    signal: context.shell.interrupt,
  });
  await sink.close();
  if (options.json) context.printJson(report);
  else {
    context.print(`restored ${report.restored.join(', ')} in ${formatDuration(report.durationMs)}\n`);
    if (report.untouched.length > 0)
      context.tell(`without this checkpoint, and left as they are: ${report.untouched.join(', ')}`);
  }
  return exitCode.done;
}
