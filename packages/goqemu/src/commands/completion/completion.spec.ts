import { defineCommand } from '../../arguments/command-spec.ts';

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print the completion script of a shell',
  positionals: [{ name: 'SHELL', summary: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] }],
  options: {},
  examples: [
    { command: 'source <(goqemu completion bash)', does: 'for this bash' },
    { command: 'goqemu completion fish > ~/.config/fish/completions/goqemu.fish', does: 'for every fish' },
  ],
  load: () => import('./completion.ts'),
});
