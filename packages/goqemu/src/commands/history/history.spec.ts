import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions, ...jsonOption } as const satisfies OptionSpecs;

export type HistoryOptions = typeof options;

export const historyCommand = defineCommand({
  name: 'history',
  summary: 'list what was done to a lab, when, and how long it took',
  positionals: [],
  options,
  examples: [{ command: 'goqemu history', does: 'applies, destroys and restores, newest last' }],
  load: async () => (await import('../lab-commands.ts')).history,
});
