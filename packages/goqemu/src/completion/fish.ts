import type { CommandSpec } from '../arguments/command-spec.ts';
import { commandWords, optionsOf } from './candidates.ts';

/** A completion script for fish. */
export function fishCompletion(commands: readonly CommandSpec[]): string {
  const lines = [
    '# fish completion of goqemu; keep it as ~/.config/fish/completions/goqemu.fish',
    'complete -c goqemu -f',
  ];
  for (const { path, words } of commandWords(commands))
    for (const { word, summary } of words)
      lines.push(
        path === ''
          ? `complete -c goqemu -n __fish_use_subcommand -a ${word} -d ${quoted(summary)}`
          : `complete -c goqemu -n '__fish_seen_subcommand_from ${path}' -a ${word} -d ${quoted(summary)}`,
      );
  for (const command of commands) {
    const seen = `'${command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ')}'`;
    for (const [name, option] of optionsOf(command)) {
      const short = option.short ? ` -s ${option.short}` : '';
      const value =
        option.kind === 'flag' ? '' : option.completes === 'file' || option.completes === 'folder' ? ' -r -F' : ' -x';
      lines.push(`complete -c goqemu -n ${seen} -l ${name}${short}${value} -d ${quoted(option.summary)}`);
    }
    for (const positional of command.positionals) {
      if (positional.choices) lines.push(`complete -c goqemu -n ${seen} -a '${positional.choices.join(' ')}'`);
      if (positional.completes === 'file' || positional.completes === 'folder')
        lines.push(`complete -c goqemu -n ${seen} -F`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
