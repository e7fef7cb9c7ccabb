import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions, selectionOptions } from '../../arguments/plan-options.ts';

const options = { ...labOptions, ...selectionOptions, ...applyOptions, ...jsonOption } as const satisfies OptionSpecs;

export type DestroyOptions = typeof options;

export const destroyCommand = defineCommand({
  name: 'destroy',
  summary: 'delete the machines of a lab, with their disks',
  description: 'Works with a lab.ts that no longer loads, too: the state knows the machines.',
  positionals: [{ name: 'LAB', summary: 'the lab; ./lab.ts unless given', optional: true, completes: 'file' }],
  options,
  examples: [{ command: 'goqemu destroy --yes', does: 'leaves no process, socket or disk behind' }],
  load: async () => (await import('../lab-commands.ts')).destroy,
});
