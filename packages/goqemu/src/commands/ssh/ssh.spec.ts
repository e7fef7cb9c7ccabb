import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions } as const satisfies OptionSpecs;

export type SshOptions = typeof options;

export const sshCommand = defineCommand({
  name: 'ssh',
  summary: 'open a shell in a machine',
  description:
    'Allocates a terminal if standard input is one; otherwise passes bytes through unchanged. Exits with the shell’s code, or 255 if there was no connection. For other SSH clients, see goqemu ssh-config.',
  positionals: [{ name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' }],
  rest: { name: 'COMMAND', summary: 'a program instead of the shell', optional: true },
  options,
  examples: [
    { command: 'goqemu ssh web', does: 'a shell' },
    { command: 'goqemu ssh web sudo journalctl -f', does: 'one program' },
    { command: 'goqemu ssh web < set-up.sh', does: 'run a script from this host' },
  ],
  load: async () => (await import('../reaching-commands.ts')).ssh,
});
