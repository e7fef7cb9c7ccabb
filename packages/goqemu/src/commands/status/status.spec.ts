import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';

const options = { ...labOptions, ...jsonOption } as const satisfies OptionSpecs;

export type StatusOptions = typeof options;

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'show the machines as they are, and the outputs',
  positionals: [{ name: 'LAB', summary: 'the lab; ./lab.ts unless given', optional: true, completes: 'file' }],
  options,
  examples: [{ command: 'goqemu status --json', does: 'one document, for programs' }],
  load: async () => (await import('../looking-commands.ts')).status,
});
