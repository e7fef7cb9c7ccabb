import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { yesOption } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  name: { kind: 'text', value: 'NAME', summary: "name of the lab (default: the folder's name)" },
  bare: { kind: 'flag', summary: 'write lab.ts alone, for a globally installed goqemu' },
  ...yesOption,
} as const satisfies OptionSpecs;

export type InitOptions = typeof options;

export const initCommand = defineCommand({
  name: 'init',
  summary: 'write a first lab.ts, in a project of its own',
  description:
    'Writes lab.ts, package.json with goqemu and TypeScript, tsconfig.json and .gitignore, and says what to commit and\nwhat to type next. Existing files are never changed.',
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
    { command: 'goqemu init', does: 'a project with one Debian 12 machine' },
    { command: 'goqemu init web', does: 'the same in a new folder' },
    { command: 'goqemu init --bare', does: 'lab.ts alone' },
  ],
  load: () => import('./init.ts'),
});
