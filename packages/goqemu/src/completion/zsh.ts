import type { CommandSpec, OptionSpec } from '../arguments/command-spec.ts';
import { commandWords, optionsOf, takesFiles } from './candidates.ts';

/** A completion script for zsh, in terms of _describe and _arguments (zshcompsys(1)). */
export function zshCompletion(commands: readonly CommandSpec[]): string {
  const words = commandWords(commands)
    .map(
      ({ path, words }) =>
        `    '${path}') candidates=(${words.map(({ word, summary }) => quoted(`${word}:${summary.replaceAll(':', '\\:')}`)).join(' ')}) ;;`,
    )
    .join('\n');
  const options = commands
    .map((command) => {
      const positionals = command.positionals.flatMap((positional) =>
        positional.choices ? [quoted(`1:${positional.name}:(${positional.choices.join(' ')})`)] : [],
      );
      if (positionals.length === 0 && takesFiles(command)) positionals.push(quoted('*:file:_files'));
      return `    '${command.name}') _arguments ${[...optionsOf(command).map(([name, option]) => optionArgument(name, option)), ...positionals].join(' ')} ;;`;
    })
    .join('\n');
  return `#compdef goqemu
# zsh completion of goqemu; load it with: source <(goqemu completion zsh)
_goqemu() {
  local -a candidates
  local path='' word
  for word in \${words[2,CURRENT-1]}; do
    case $word in
      --) return ;;
      -*) ;;
      *) path="\${path:+$path }$word" ;;
    esac
  done
  case $path in
${words}
  esac
  if (( \${#candidates} )) && [[ \${words[CURRENT]} != -* ]]; then
    _describe command candidates
    return
  fi
  case $path in
${options.replaceAll(/^ {4}'([^']+)'\)/gm, "    '$1'|'$1 '*)")}
  esac
}
compdef _goqemu goqemu
`;
}

function optionArgument(name: string, option: OptionSpec): string {
  const summary = option.summary.replaceAll(/[[\]:]/g, (character) => `\\${character}`);
  const value =
    option.kind === 'flag'
      ? ''
      : `:${option.value}:${option.completes === 'file' ? '_files' : option.completes === 'folder' ? '_files -/' : ''}`;
  return quoted(`--${name}[${summary}]${value}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
