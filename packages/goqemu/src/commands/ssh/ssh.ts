import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { guestShell } from './guest-shell.ts';
import type { SshOptions } from './ssh.spec.ts';

export async function run(context: CommandContext, input: CommandInput<SshOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, input.options, eventLog(context.logger).handle);
  const name = input.positionals[0] ?? '';
  await lab.engine.machine(name);
  return guestShell(context, lab, name, input.rest);
}
