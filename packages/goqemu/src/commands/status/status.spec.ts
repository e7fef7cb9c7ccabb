import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions, ...jsonOption } as const satisfies OptionSpecs;

export type StatusOptions = typeof options;

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'show the state of the machines, and the outputs',
  positionals: [
    {
      name: 'MACHINE',
      summary: 'only these machines (default: all); or the lab, as with --lab',
      optional: true,
      many: true,
      completes: 'machine-or-file',
    },
  ],
  options,
  examples: [
    { command: 'goqemu status', does: 'the whole lab' },
    { command: 'goqemu status web', does: 'one machine' },
    { command: 'goqemu status --json', does: 'as one JSON document' },
  ],
  load: async () => (await import('../looking-commands.ts')).status,
});
