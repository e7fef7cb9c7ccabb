import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';

const options = { ...labOptions } as const satisfies OptionSpecs;

export type SshOptions = typeof options;

export const sshCommand = defineCommand({
  name: 'ssh',
  summary: 'open a shell in a machine',
  description:
    'On a terminal when standard input is one; else bytes pass as they are. Exits with the shell’s code, 255 when there was no connection. For other SSH clients: goqemu ssh-config.',
  positionals: [{ name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' }],
  rest: { name: 'COMMAND', summary: 'a program instead of the shell', optional: true },
  options,
  examples: [
    { command: 'goqemu ssh web', does: 'a shell' },
    { command: 'goqemu ssh web -- sudo journalctl -f', does: 'one program' },
    { command: 'goqemu ssh web < set-up.sh', does: 'a script of this host' },
  ],
  load: async () => (await import('../lab-commands.ts')).ssh,
});
