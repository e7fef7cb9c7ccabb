import type { CommandSpec } from '../arguments/command-spec.ts';
import { commandWords, completionWord, optionsOf, takesNames } from './candidates.ts';

/** A completion script for fish. */
export function fishCompletion(commands: readonly CommandSpec[]): string {
  const lines = [
    `# fish completion of goqemu; keep it as ~/.config/fish/completions/goqemu.fish
function __goqemu_names
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] ${completionWord} -- $words[2..] "$current" 2>/dev/null)
    set -l adds $found[1]
    set -e found[1]
    printf '%s\\n' $found
    switch "$adds"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current" ''
    end
end
complete -c goqemu -f`,
  ];
  for (const { path, words } of commandWords(commands)) {
    const here =
      path === ''
        ? '__fish_use_subcommand'
        : `'__fish_seen_subcommand_from ${path}; and not __fish_seen_subcommand_from ${words.map(({ word }) => word).join(' ')}'`;
    for (const { word, summary } of words) lines.push(`complete -c goqemu -n ${here} -a ${word} -d ${quoted(summary)}`);
  }
  for (const command of commands) {
    const seen = `'${command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ')}'`;
    for (const [name, option] of optionsOf(command)) {
      const short = option.short ? ` -s ${option.short}` : '';
      const value = option.kind === 'flag' ? '' : " -x -a '(__goqemu_names)'";
      lines.push(`complete -c goqemu -n ${seen} -l ${name}${short}${value} -d ${quoted(option.summary)}`);
    }
    if (takesNames(command)) lines.push(`complete -c goqemu -n ${seen} -a '(__goqemu_names)'`);
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
