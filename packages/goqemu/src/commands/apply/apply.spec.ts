import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions, parameterOptions, selectionOptions } from '../../arguments/plan-options.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  ...selectionOptions,
  replace: {
    kind: 'list',
    value: 'MACHINE',
    summary: 'make this machine anew although nothing has changed',
    completes: 'base',
  },
  ...applyOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type ApplyOptions = typeof options;

export const applyCommand = defineCommand({
  name: 'apply',
  summary: 'make the machines what the lab describes',
  description:
    'Shows the plan, asks, and carries it out. Ctrl-C begins nothing more and lets what runs end; a second one cuts\nit off, and the next plan settles what was cut.',
  positionals: [
    {
      name: 'LAB',
      summary: 'the lab, or a plan that plan --out saved; ./lab.ts unless given',
      optional: true,
      completes: 'file',
    },
  ],
  options,
  examples: [
    { command: 'goqemu apply', does: './lab.ts' },
    { command: 'goqemu apply --yes --events run.ndjson', does: 'without a question, events to a file' },
    { command: 'goqemu apply next.plan', does: 'exactly what was shown' },
  ],
  load: async () => (await import('../lab-commands.ts')).apply,
});
