import { defineCommand, type OptionSpecs } from '../../arguments/command-spec.ts';
import { yesOption } from '../../arguments/plan-options.ts';

const options = {
  name: { kind: 'text', value: 'NAME', summary: "the lab's name; that of the folder unless given" },
  ...yesOption,
} as const satisfies OptionSpecs;

export type InitOptions = typeof options;

export const initCommand = defineCommand({
  name: 'init',
  summary: 'write a first lab.ts',
  positionals: [{ name: 'FOLDER', summary: 'where; here unless given', optional: true, completes: 'folder' }],
  options,
  examples: [
    { command: 'goqemu init', does: 'lab.ts with one Debian 12 machine' },
    { command: 'goqemu init web --name web', does: 'the same in a new folder' },
  ],
  load: () => import('./init.ts'),
});
