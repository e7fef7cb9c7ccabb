import type { LockChange } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { chooseLab } from '../../lab/choose-lab.ts';
import { evaluateFor } from '../../lab/evaluate-for.ts';
import { openLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { Style } from '../../render/style.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { LockOptions } from './lock.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<LockOptions>,
): Promise<number> {
  await using lab = await openLab(
    context,
    chooseLab(context, positionals[0], options),
    eventLog(context.logger).handle,
  );
  const evaluated = await evaluateFor(context, lab, options);
  const { update } = options;
  const changes = await lab.engine.lock(evaluated, { update, signal: context.shell.interrupt });
  if (options.json) context.printJson({ version: 1, lab: lab.name, updated: update, changes });
  else if (changes.length === 0) context.print('lab.lock.json is up to date.\n');
  else {
    for (const change of changes) context.print(`${describe(change, context.style)}\n`);
    context.tell(update ? 'lab.lock.json was written' : 'update it with: goqemu lock --update');
  }
  return exitCode.done;
}

function describe({ image, before, after }: LockChange, style: Style): string {
  if (!before)
    return `${style.green('+')} ${style.bold(image)}  ${after?.description ?? ''} ${style.dim(after?.key ?? '')}`;
  if (!after) return `${style.red('-')} ${style.bold(image)}  ${before.description} ${style.dim(before.key)}`;
  return `${style.yellow('~')} ${style.bold(image)}  ${before.description} ${style.dim(before.key)} → ${after.description} ${style.dim(after.key)}`;
}
