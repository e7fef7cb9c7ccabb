import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions, yesOption } from '../../arguments/plan-options.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  update: { kind: 'flag', summary: 'write what the images stand for today' },
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type LockOptions = typeof options;

export const lockCommand = defineCommand({
  name: 'lock',
  summary: 'compare lab.lock.json with what the images stand for today',
  description: 'Commit lab.lock.json with the lab: a colleague then gets the same images, months later.',
  positionals: [{ name: 'LAB', summary: 'the lab; ./lab.ts unless given', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu lock', does: 'what would move' },
    { command: 'goqemu lock --update', does: 'move it on' },
  ],
  load: async () => (await import('../lab-commands.ts')).lock,
});
