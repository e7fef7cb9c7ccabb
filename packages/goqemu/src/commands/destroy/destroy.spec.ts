import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions, selectionOptions } from '../../arguments/plan-options.ts';

const options = {
  ...labOptions,
  stack: {
    kind: 'list',
    short: 's',
    value: 'NAME',
    summary: 'which instance of the lab, and with --stack again another; "default" unless given',
    completes: 'stack',
  },
  forks: { kind: 'flag', summary: 'its forks and their forks, instead of the lab itself' },
  ...selectionOptions,
  ...applyOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type DestroyOptions = typeof options;

export const destroyCommand = defineCommand({
  name: 'destroy',
  summary: 'delete the machines of a lab, with their disks',
  description: 'Works with a lab.ts that no longer loads, too: the state knows the machines.',
  positionals: [{ name: 'LAB', summary: 'the lab; ./lab.ts unless given', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu destroy --yes', does: 'leaves no process, socket or disk behind' },
    { command: 'goqemu destroy --forks', does: 'all forks of the lab; the lab stays as it is' },
    { command: 'goqemu destroy -s ready-1 -s ready-2', does: 'two of them' },
  ],
  load: async () => (await import('../lab-commands.ts')).destroy,
});
