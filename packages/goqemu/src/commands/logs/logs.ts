import { StringDecoder } from 'node:string_decoder';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { followFile, readTail } from '../../lab/log-file.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { findMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import { printable } from '../../render/printable.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { OutputStream } from '../../shell/shell.ts';
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
  const show = stdout.isTTY ? showOn(stdout) : (more: Buffer) => stdout.write(more);
  show(bytes);
  if (options.follow) await followFile(path, end, show, interrupt);
  return exitCode.done;
}

/** A file or a pipe gets the log as it is; a terminal gets text, since a guest's boot loader clears screens. */
function showOn(stdout: OutputStream): (bytes: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  return (bytes) => void stdout.write(printable(decoder.write(bytes)));
}
