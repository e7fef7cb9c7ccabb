import { defineCommand } from '../../arguments/command-spec.ts';

export const helpCommand = defineCommand({
  name: 'help',
  summary: 'show the commands, or one of them',
  positionals: [{ name: 'COMMAND', summary: 'such as plan, or checkpoint create', optional: true, many: true }],
  options: {},
  examples: [{ command: 'goqemu help apply', does: 'the same as goqemu apply --help' }],
  load: () => import('./help.ts'),
});
