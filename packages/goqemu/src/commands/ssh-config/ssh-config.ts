import { resolve } from 'node:path';
import { writeFileAtomic } from '@goqemu/core';
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
  const hosts: string[] = [];
  for (const name of names) {
    const { found, endpoints } = await findMachine(lab, name);
    const { identityFile, knownHostsFile } = await endpoints.sshFiles();
    const { host, port } = lab.backend.sshAddress(found.spec);
    hosts.push(
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
  const { out } = input.options;
  // Windows PowerShell 5.1 writes UTF-16 with `>`, which OpenSSH does not read.
  if (out === undefined) context.print(hosts.join(''));
  else await writeFileAtomic(resolve(context.shell.workingFolder, out), hosts.join(''), { mode: 0o600 });
  return exitCode.done;
}

/** ssh_config(5): arguments with spaces stand in double quotes; `%` begins a token. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
