import { formatDuration } from '@goqemu/core';
import type { HistoryEntry } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { Style } from '../../render/style.ts';
import { table } from '../../render/table.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { HistoryOptions } from './history.spec.ts';

export async function run(context: CommandContext, { options }: CommandInput<HistoryOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const entries = await lab.engine.history();
  if (options.json) context.printJson({ version: 1, lab: lab.name, stack: lab.stack, entries });
  else if (entries.length === 0) context.print(`Nothing has been done to lab ${lab.name} yet.\n`);
  else
    context.print(
      table(
        ['WHEN', 'COMMAND', 'OUTCOME', 'TOOK', 'DONE'],
        entries.map((entry) => row(entry, context.style)),
        context.style,
      ),
    );
  return exitCode.done;
}

function row(entry: HistoryEntry, style: Style): string[] {
  const outcome = entry.outcome === 'done' ? style.green('done') : style.red(entry.outcome);
  const done = Object.entries(entry.operations).map(([action, count]) => `${count} ${action}`);
  return [
    entry.startedAt.replace('T', ' ').replace(/\..*/, ''),
    entry.command,
    outcome,
    formatDuration(entry.durationMs),
    entry.error ? entry.error.message : done.join(', '),
  ];
}
