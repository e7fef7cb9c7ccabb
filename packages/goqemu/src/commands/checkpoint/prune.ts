import { formatByteSize } from '@goqemu/core';
import type { PruneReport } from '@goqemu/lab';
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
  if (options.json) context.printJson(report);
  else context.print(`${lines(report).join('\n')}\n`);
  return exitCode.done;
}

function lines({ dryRun, removed, coalesced, bytes, unnamed }: PruneReport): readonly string[] {
  const joined = coalesced === 0 ? '' : ` and ${dryRun ? 'coalesce' : 'coalesced'} ${counted(coalesced)}`;
  const over = unnamed.bytes > unnamed.budget ? ', which is over it: the rest is needed' : '';
  return [
    `${dryRun ? 'would remove' : 'removed'} ${counted(removed)}${joined}, ${roundedSize(bytes)}`,
    `layers without a name then take ${roundedSize(unnamed.bytes)} of a budget of ${formatByteSize(unnamed.budget)}${over}`,
  ];
}

function counted(layers: number): string {
  return layers === 1 ? '1 layer' : `${layers} layers`;
}
