import { defineCommand } from '../../shell/runnable-command.ts';

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print a shell completion script',
  description:
    'Completes commands, options, files, and the names of machines, templates, checkpoints and stacks that the state of\nthe lab knows, of the one that -l and --stack name. The lab’s program is not run for it.',
  positionals: [{ name: 'SHELL', summary: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] }],
  options: {},
  examples: [
    { command: 'source <(goqemu completion bash)', does: 'for this bash' },
    { command: 'goqemu completion fish > ~/.config/fish/completions/goqemu.fish', does: 'for every fish' },
  ],
  load: () => import('./completion.ts'),
});
