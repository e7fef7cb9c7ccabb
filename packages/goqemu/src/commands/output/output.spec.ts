import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  raw: { kind: 'flag', summary: 'print the value alone, without a line end: for scripts' },
  ...jsonOption,
} as const satisfies OptionSpecs;

export type OutputOptions = typeof options;

export const outputCommand = defineCommand({
  name: 'output',
  summary: 'print the outputs of the lab, or one of them',
  description: 'The outputs of the last apply, from the state; no machine is asked. A secret one is not stored.',
  positionals: [{ name: 'NAME', summary: 'an output of the lab (default: all)', optional: true }],
  options,
  examples: [
    { command: 'goqemu output', does: 'all of them' },
    { command: 'curl "$(goqemu output url --raw)"', does: 'one, in a script' },
    { command: 'goqemu output --json', does: 'as one JSON document' },
  ],
  load: async () => (await import('../looking-commands.ts')).output,
});
