import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions, selectionOptions, startOption } from '../../arguments/plan-options.ts';
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
  destroy: { kind: 'flag', summary: 'show what destroy would do' },
  out: { kind: 'text', value: 'FILE', summary: 'save the plan, for goqemu apply FILE', completes: 'file' },
  'detailed-exitcode': { kind: 'flag', summary: 'exit with 2 when there are changes' },
  'check-pure': { kind: 'flag', summary: 'evaluate the lab twice and report what differs' },
  'check-types': { kind: 'flag', summary: 'run the TypeScript compiler on the lab first' },
  ...jsonOption,
} as const satisfies OptionSpecs;

export type PlanOptions = typeof options;

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'show what apply would do, and why',
  description:
    'Reads the lab, the state and the machines, changes nothing and takes no lock. The plan that --out saves is bound\nto the state that it was made from and is refused once that has moved on. A problem that would stop apply is shown with the plan, and the exit code is 1.',
  positionals: [{ name: 'LAB', summary: 'the lab (default: the nearest lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu plan', does: './lab.ts against the current state' },
    { command: 'goqemu plan --param workers=3', does: 'with a parameter' },
    { command: 'goqemu plan --out next.plan', does: 'saved, for goqemu apply next.plan' },
    { command: 'goqemu plan --detailed-exitcode', does: '0: nothing to do, 1: a problem, 2: changes' },
  ],
  load: async () => (await import('../looking-commands.ts')).plan,
});
