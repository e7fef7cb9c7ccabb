import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  out: { kind: 'text', value: 'FILE', summary: 'write it to a file in UTF-8, whatever the shell', completes: 'file' },
} as const satisfies OptionSpecs;

export type SshConfigOptions = typeof options;

export const sshConfigCommand = defineCommand({
  name: 'ssh-config',
  summary: 'print a configuration for ssh, scp, rsync and editors',
  description: 'In the form of ssh_config(5), with the pinned host keys; machines are called LAB-MACHINE.',
  positionals: [
    {
      name: 'MACHINE',
      summary: 'only these machines (default: all)',
      optional: true,
      many: true,
      completes: 'machine',
    },
  ],
  options,
  examples: [{ command: 'goqemu ssh-config --out lab.ssh && ssh -F lab.ssh hello-web', does: "with OpenSSH's client" }],
  load: async () => (await import('../reaching-commands.ts')).sshConfig,
});
