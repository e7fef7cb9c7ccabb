import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions, ...yesOption, ...jsonOption } as const satisfies OptionSpecs;

export type RefreshOptions = typeof options;

export const refreshCommand = defineCommand({
  name: 'refresh',
  summary: 'update the state from the actual machines',
  positionals: [{ name: 'LAB', summary: 'the lab (default: the nearest lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [{ command: 'goqemu refresh', does: 'after a machine was stopped outside goqemu' }],
  load: async () => (await import('../lab-commands.ts')).refresh,
});
