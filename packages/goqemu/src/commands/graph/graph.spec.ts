import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { labOptions } from '../../arguments/global-options.ts';
import { parameterOptions } from '../../arguments/plan-options.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  format: {
    kind: 'text',
    value: 'FORMAT',
    choices: ['dot', 'mermaid', 'svg', 'json'],
    summary: 'form of the graph; mermaid unless given',
  },
} as const satisfies OptionSpecs;

export type GraphOptions = typeof options;

export const graphCommand = defineCommand({
  name: 'graph',
  summary: 'print what depends on what in a lab',
  positionals: [{ name: 'LAB', summary: 'the lab; ./lab.ts unless given', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu graph --format svg > lab.svg', does: 'a picture, without further programs' },
    { command: 'goqemu graph --format dot | dot -Tpdf -o lab.pdf', does: 'through Graphviz' },
  ],
  load: async () => (await import('../looking-commands.ts')).graph,
});
