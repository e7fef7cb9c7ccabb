import { StringDecoder } from 'node:string_decoder';
import { printable } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { findMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { OutputStream } from '../../shell/shell.ts';
import type { LogsOptions } from './logs.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<LogsOptions>,
): Promise<number> {
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const { endpoints } = await findMachine(lab, positionals[0] ?? '');
  const { stdout, interrupt } = context.shell;
  const show = stdout.isTTY ? showOn(stdout) : (more: Buffer) => stdout.write(more);
  const request = {
    log: options.source === 'qemu' ? 'backend' : 'console',
    follow: options.follow,
    ...(options.lines === undefined ? {} : { lines: options.lines }),
  } as const;
  for await (const bytes of endpoints.readLog(request, interrupt)) show(bytes);
  return exitCode.done;
}

/** A file or a pipe gets the log as it is; a terminal gets text, since a guest's boot loader clears screens. */
function showOn(stdout: OutputStream): (bytes: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  return (bytes) => void stdout.write(printable(decoder.write(bytes)));
}
