import { PassThrough, Writable } from 'node:stream';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { reachProcess } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { attachTerminal } from '../../terminal/attach-terminal.ts';
import type { ConsoleOptions } from './console.spec.ts';

/** Ctrl-], as telnet(1) and virsh(1) have it. */
const leaveKey = 0x1d;

export async function run(context: CommandContext, input: CommandInput<ConsoleOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, input.options, eventLog(context.logger).handle);
  const { endpoints, name } = await reachProcess(lab, input.positionals[0] ?? '', context.shell.interrupt);
  await using transport = await endpoints.openConsole(context.shell.interrupt);
  const output = new PassThrough();
  transport.onBytes((bytes) => output.write(bytes));
  const typed = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      transport.write(chunk);
      done();
    },
  });
  context.tell(`console of ${name}; Ctrl-] leaves`);
  await attachTerminal(context.shell, { input: typed, output }, { ended: transport.closed, escape: leaveKey });
  context.tell('');
  return exitCode.done;
}
