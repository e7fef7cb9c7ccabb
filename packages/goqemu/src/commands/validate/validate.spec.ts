import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  'check-types': { kind: 'flag', summary: 'run the TypeScript compiler on the lab first' },
  'check-pure': { kind: 'flag', summary: 'evaluate the lab twice and report what differs' },
  ...jsonOption,
} as const satisfies OptionSpecs;

export type ValidateOptions = typeof options;

export const validateCommand = defineCommand({
  name: 'validate',
  summary: 'check the lab without its state or its machines',
  description:
    'Loads and evaluates the lab, and checks its options, parameters, image names, and the files that its steps read. Exits with 65 and the place in the file when something is wrong.',
  positionals: [{ name: 'LAB', summary: 'the lab (default: the nearest lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu validate', does: 'in an editor’s task or a commit hook' },
    { command: 'goqemu validate --check-types --json', does: 'with the compiler, as JSON' },
  ],
  load: () => import('./validate.ts'),
});
