import type { CommandInput } from '../../arguments/command-spec.ts';
import { followFile, readTail } from '../../lab/log-file.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { findMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { LogsOptions } from './logs.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<LogsOptions>,
): Promise<number> {
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const { host } = await findMachine(lab, positionals[0] ?? '');
  const path = options.source === 'qemu' ? host.logs.qemu : host.logs.console;
  const { bytes, end } = await readTail(path, options.lines);
  const { stdout, interrupt } = context.shell;
  stdout.write(bytes);
  if (options.follow) await followFile(path, end, (more) => stdout.write(more), interrupt);
  return exitCode.done;
}
