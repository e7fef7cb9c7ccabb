import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { yesOption } from '../../arguments/plan-options.ts';

const options = { ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;

export type RefreshOptions = typeof options;

export const refreshCommand = defineCommand({
  name: 'refresh',
  summary: 'look at every machine and write what is found into the state',
  positionals: [{ name: 'LAB', summary: 'the lab; ./lab.ts unless given', optional: true, completes: 'file' }],
  options,
  examples: [{ command: 'goqemu refresh', does: 'after somebody stopped a machine behind goqemu’s back' }],
  load: async () => (await import('../lab-commands.ts')).refresh,
});
