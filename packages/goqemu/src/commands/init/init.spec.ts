import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { yesOption } from '../../arguments/plan-options.ts';

const options = {
  name: { kind: 'text', value: 'NAME', summary: "name of the lab (default: the folder's name)" },
  ...yesOption,
} as const satisfies OptionSpecs;

export type InitOptions = typeof options;

export const initCommand = defineCommand({
  name: 'init',
  summary: 'write a first lab.ts',
  positionals: [
    {
      name: 'FOLDER',
      summary: 'folder for the lab (default: the working directory)',
      optional: true,
      completes: 'folder',
    },
  ],
  options,
  examples: [
    { command: 'goqemu init', does: 'lab.ts with one Debian 12 machine' },
    { command: 'goqemu init web --name web', does: 'the same in a new folder' },
  ],
  load: () => import('./init.ts'),
});
