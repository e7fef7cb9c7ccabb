import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions } as const satisfies OptionSpecs;

export type CpOptions = typeof options;

export const cpCommand = defineCommand({
  name: 'cp',
  summary: 'copy files to or from a machine',
  description:
    'Exactly one of FROM and TO is a path in a machine, written MACHINE:PATH. Copies as the machine’s user. Existing folders keep their owner and mode.',
  positionals: [
    { name: 'FROM', summary: 'a path, or MACHINE:PATH', completes: 'copy-end' },
    { name: 'TO', summary: 'a path, or MACHINE:PATH', completes: 'copy-end' },
  ],
  options,
  examples: [
    { command: 'goqemu cp ./site web:/var/tmp/site', does: 'a folder into the machine' },
    { command: 'goqemu cp web:/etc/os-release .', does: 'a file out of it' },
  ],
  load: async () => (await import('../reaching-commands.ts')).cp,
});
