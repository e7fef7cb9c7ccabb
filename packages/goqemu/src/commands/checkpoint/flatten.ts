import { GoqemuError } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointListOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, input: CommandInput<CheckpointListOptions>): Promise<number> {
  const { options, positionals } = input;
  const wanted = positionals[0] ?? '';
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const signal = context.shell.interrupt;
  const { checkpoints } = await lab.engine.listCheckpoints({ signal });
  const found =
    checkpoints.findLast(({ descriptions }) => descriptions[0] === wanted) ??
    checkpoints.find(({ id }) => wanted.length >= 4 && id.startsWith(wanted));
  if (!found) throw unknown(wanted);
  const machines = [];
  for (const { name, layer } of found.machines)
    machines.push({ name, layer, ...(await lab.backend.flattenLayer(layer, signal)) });
  if (options.json) context.printJson({ version: 1, id: found.id, machines });
  else
    for (const { name, depth, bytes } of machines)
      context.print(
        depth === 0
          ? `${name}: it stands on its image already, ${roundedSize(bytes.after)}\n`
          : `${name}: written as one file on its image, ${roundedSize(bytes.before)} above ${depth} ${depth === 1 ? 'layer' : 'layers'} before, ${roundedSize(bytes.after)} now\n`,
      );
  return exitCode.done;
}

function unknown(wanted: string): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-unknown',
    source: 'user',
    subject: wanted,
    message: `no checkpoint is called "${wanted}"`,
    hint: 'they are listed by: goqemu checkpoint list',
  });
}
