import type { CommandSpec, OptionSpec } from '../arguments/command-spec.ts';
import { commandWords, completionWord, optionsOf, takesNames } from './candidates.ts';

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
      const specs = optionsOf(command).flatMap(([name, option]) => optionArguments(name, option));
      if (takesNames(command)) specs.push(quoted('*:name:_goqemu_names'));
      return `    '${command.name}'|'${command.name} '*) _arguments ${specs.join(' ')} ;;`;
    })
    .join('\n');
  // A variable called path would be zsh's own: the folders that programs are looked for in.
  return `#compdef goqemu
# zsh completion of goqemu; load it with: source <(goqemu completion zsh)
_goqemu() {
  local -a candidates
  local spelled='' word
  for word in \${words[2,CURRENT-1]}; do
    case $word in
      --) return ;;
      -*) ;;
      *) spelled="\${spelled:+$spelled }$word" ;;
    esac
  done
  case $spelled in
${words}
  esac
  if (( \${#candidates} )) && [[ \${words[CURRENT]} != -* ]]; then
    _describe command candidates
    return
  fi
  case $spelled in
${options}
  esac
}
_goqemu_names() {
  local adds line name
  local -a lines names ends
  lines=("\${(@f)$("\${(e)words[1]}" ${completionWord} -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  adds=\${lines[1]}
  for line in "\${(@)lines[2,-1]}"; do
    name=\${line%%$'\\t'*}
    if [[ $name == *: ]]; then ends+=("$name"); else names+=("\${name//:/\\\\:}:\${line#*$'\\t'}"); fi
  done
  (( \${#names} )) && _describe -V name names
  (( \${#ends} )) && compadd -S '' -a ends
  case $adds in
    files) _files ;;
    folders) _files -/ ;;
  esac
}
compdef _goqemu goqemu
`;
}

function optionArguments(name: string, option: OptionSpec): readonly string[] {
  const summary = option.summary.replaceAll(/[[\]:]/g, (character) => `\\${character}`);
  const takesValue = option.kind !== 'flag';
  const value = takesValue ? `:${option.value}:_goqemu_names` : '';
  const repeated = option.kind === 'list' ? '*' : '';
  const { short } = option;
  return [
    quoted(`${repeated}--${name}${takesValue ? '=' : ''}[${summary}]${value}`),
    ...(short ? [quoted(`${repeated}-${short}[${summary}]${value}`)] : []),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
