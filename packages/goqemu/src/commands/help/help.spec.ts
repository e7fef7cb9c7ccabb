import { defineCommand } from '../../shell/runnable-command.ts';

export const helpCommand = defineCommand({
  name: 'help',
  summary: 'show the commands, one of them, or a page of the documentation',
  description:
    'On a terminal a page is shown by the program that PAGER names (default: less), elsewhere it is printed. PAGE#SECTION shows one section.',
  positionals: [
    {
      name: 'TOPIC',
      summary: 'a command, such as checkpoint create, or a page, such as lab',
      optional: true,
      many: true,
      completes: 'topic',
    },
  ],
  options: {},
  examples: [
    { command: 'goqemu help apply', does: 'the same as goqemu apply --help' },
    { command: 'goqemu help lab#time-outs', does: 'a section of the page about labs' },
  ],
  load: () => import('./help.ts'),
});
