import { defineCommand } from '../../shell/runnable-command.ts';

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print a shell completion script',
  description:
    'Completes commands, options, files, and the names of machines, templates, checkpoints and stacks that the state of\nthe lab knows, of the one that -l and --stack name. The lab’s program is not run for it.',
  positionals: [
    { name: 'SHELL', summary: 'bash, zsh, fish or powershell', choices: ['bash', 'zsh', 'fish', 'powershell'] },
  ],
  options: {},
  examples: [
    { command: 'source <(goqemu completion bash)', does: 'for this bash' },
    { command: 'goqemu completion fish > ~/.config/fish/completions/goqemu.fish', does: 'for every fish' },
    {
      command: 'goqemu completion powershell | Out-String | Invoke-Expression',
      does: 'for this PowerShell; in the file that $PROFILE names, for each',
    },
  ],
  load: () => import('./completion.ts'),
});
