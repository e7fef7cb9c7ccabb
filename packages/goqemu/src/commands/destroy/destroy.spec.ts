import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions, selectionOptions } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  stack: {
    kind: 'list',
    short: 's',
    value: 'NAME',
    summary: 'stack to destroy (default: "default")',
    completes: 'stack',
  },
  forks: { kind: 'flag', summary: 'destroy the forks of the lab, and their forks, but not the lab itself' },
  ...selectionOptions,
  ...applyOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type DestroyOptions = typeof options;

export const destroyCommand = defineCommand({
  name: 'destroy',
  summary: 'delete the machines of a lab and their disks',
  description: 'Also works when lab.ts no longer loads: the machines are recorded in the state.',
  positionals: [{ name: 'LAB', summary: 'the lab (default: the nearest lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu destroy --yes', does: 'leaves no process, socket or disk behind' },
    { command: 'goqemu destroy --forks', does: 'all forks of the lab; the lab stays as it is' },
    { command: 'goqemu destroy -s ready-1 -s ready-2', does: 'two of them' },
  ],
  load: async () => (await import('../lab-commands.ts')).destroy,
});
