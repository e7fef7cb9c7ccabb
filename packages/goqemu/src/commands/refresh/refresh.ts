import { titleOf } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { RefreshOptions } from './refresh.spec.ts';

export async function run(context: CommandContext, input: CommandInput<RefreshOptions>): Promise<number> {
  const choice = chooseLab(context, input.positionals[0], input.options);
  await using lab = await openDeployedLab(context, choice, eventLog(context.logger).handle);
  const { drift } = await lab.engine.refresh({ signal: context.shell.interrupt });
  if (input.options.json)
    context.printJson({
      version: 1,
      lab: lab.name,
      stack: lab.stack,
      drift: drift.map(({ resource: { kind, name }, reason }) => ({ [kind]: name, reason })),
    });
  else if (drift.length === 0) context.print(`Lab ${lab.name} is as recorded.\n`);
  else
    for (const { resource, reason } of drift)
      context.print(`${context.style.bold(titleOf({ resource }))}  ${reason}\n`);
  return exitCode.done;
}
