import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { findMachine } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { SshConfigOptions } from './ssh-config.spec.ts';

export async function run(context: CommandContext, input: CommandInput<SshConfigOptions>): Promise<number> {
  await using lab = await openDeployedLab(context, input.options, eventLog(context.logger).handle);
  const names =
    input.positionals.length > 0 ? input.positionals : (await lab.engine.machines()).map(({ name }) => name);
  for (const name of names) {
    const { found, endpoints } = await findMachine(lab, name);
    const { identityFile, knownHostsFile } = await endpoints.sshFiles();
    const { host, port } = lab.backend.sshAddress(found.spec);
    context.print(
      [
        `Host ${lab.name}-${name}`,
        `  HostName ${host}`,
        `  Port ${port}`,
        `  User ${found.spec.user}`,
        `  IdentityFile ${quoted(identityFile)}`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${quoted(knownHostsFile)}`,
        '  StrictHostKeyChecking yes',
        '',
        '',
      ].join('\n'),
    );
  }
  return exitCode.done;
}

/** ssh_config(5): arguments with spaces stand in double quotes; `%` begins a token. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
