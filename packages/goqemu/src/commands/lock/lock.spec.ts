import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { parameterOptions, yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  ...labOptions,
  ...parameterOptions,
  update: { kind: 'flag', summary: 'write what the image names resolve to now' },
  ...yesOption,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type LockOptions = typeof options;

export const lockCommand = defineCommand({
  name: 'lock',
  summary: 'compare lab.lock.json with what the image names resolve to now',
  description: 'Commit lab.lock.json with the lab, so that everyone gets the same images, now and later.',
  positionals: [{ name: 'LAB', summary: 'the lab (default: the nearest lab.ts)', optional: true, completes: 'file' }],
  options,
  examples: [
    { command: 'goqemu lock', does: 'show which images have changed' },
    { command: 'goqemu lock --update', does: 'update the lock file' },
  ],
  load: async () => (await import('../lab-commands.ts')).lock,
});
