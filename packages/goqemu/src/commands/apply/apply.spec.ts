import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions, parameterOptions, selectionOptions, startOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  ...selectionOptions,
  replace: {
    kind: 'list',
    value: 'MACHINE',
    summary: 'recreate this machine even if unchanged',
    completes: 'base',
  },
  ...startOption,
  ...applyOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type ApplyOptions = typeof options;

export const applyCommand = defineCommand({
  name: 'apply',
  summary: 'create or update the machines to match the lab',
  description:
    'Shows the plan, asks for confirmation, and carries it out. After Ctrl-C nothing new begins and running operations\nfinish; a second Ctrl-C interrupts them, and the next plan recovers from that.',
  positionals: [
    {
      name: 'LAB',
      summary: 'the lab, or a plan saved by plan --out (default: the nearest lab.ts)',
      optional: true,
      completes: 'file',
    },
  ],
  options,
  examples: [
    { command: 'goqemu apply', does: './lab.ts' },
    { command: 'goqemu apply --yes --events run.ndjson', does: 'without confirmation, events to a file' },
    { command: 'goqemu apply next.plan', does: 'exactly what was shown' },
  ],
  load: async () => (await import('../lab-commands.ts')).apply,
});
