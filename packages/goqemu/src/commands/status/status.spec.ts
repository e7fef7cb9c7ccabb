import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';

const options = { ...labOptions, ...jsonOption } as const satisfies OptionSpecs;

export type StatusOptions = typeof options;

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'show the state of the machines, and the outputs',
  positionals: [{ name: 'LAB', summary: 'the lab (default: ./lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [{ command: 'goqemu status --json', does: 'as one JSON document' }],
  load: async () => (await import('../looking-commands.ts')).status,
});
