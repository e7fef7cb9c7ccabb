import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { parameterOptions } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  format: {
    kind: 'text',
    value: 'FORMAT',
    choices: ['dot', 'mermaid', 'svg', 'json'],
    summary: 'output format (default: mermaid)',
  },
} as const satisfies OptionSpecs;

export type GraphOptions = typeof options;

export const graphCommand = defineCommand({
  name: 'graph',
  summary: 'print the dependency graph of a lab',
  positionals: [{ name: 'LAB', summary: 'the lab (default: the nearest lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu graph --format svg > lab.svg', does: 'an image, without other programs' },
    { command: 'goqemu graph --format dot | dot -Tpdf -o lab.pdf', does: 'through Graphviz' },
  ],
  load: async () => (await import('../looking-commands.ts')).graph,
});
