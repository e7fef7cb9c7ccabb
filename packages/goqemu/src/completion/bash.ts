import type { CommandSpec } from '../arguments/command-spec.ts';
import { commandWords, optionsOf, takesFiles } from './candidates.ts';

/** A completion script for bash: words and options from the command table, file names where a command takes them. */
export function bashCompletion(commands: readonly CommandSpec[]): string {
  const words = commandWords(commands)
    .map(({ path, words }) => `    '${path}') candidates='${words.map(({ word }) => word).join(' ')}' ;;`)
    .join('\n');
  const options = commands
    .map(
      (command) =>
        `    '${command.name}') candidates='${optionsOf(command)
          .map(([name]) => `--${name}`)
          .join(' ')}' ;;`,
    )
    .join('\n');
  const choices = commands
    .flatMap((command) =>
      command.positionals.flatMap((positional) =>
        positional.choices ? [`    '${command.name}') candidates='${positional.choices.join(' ')}' ;;`] : [],
      ),
    )
    .join('\n');
  const files = commands.filter(takesFiles).map((command) => `'${command.name}'`);
  return `# bash completion of goqemu; load it with: source <(goqemu completion bash)
_goqemu() {
  local word=\${COMP_WORDS[COMP_CWORD]} path='' candidates='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      --) return ;;
      -*) ;;
      *) path="\${path:+$path }\${COMP_WORDS[index]}" ;;
    esac
  done
  case $path in
${words}
  esac
  if [[ $word == -* || -z $candidates ]]; then
    local known=$path
    while [[ -n $known ]]; do
      case $known in
${options.replaceAll(/^ {4}/gm, '        ')}
      esac
      [[ -n $candidates || $known != *' '* ]] && break
      known=\${known% *}
    done
    if [[ $word != -* ]]; then
      case $known in
${choices.replaceAll(/^ {4}/gm, '        ')}
        ${files.join(' | ') || "'-'"}) compopt -o default; COMPREPLY=(); return ;;
        *) candidates='' ;;
      esac
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$word")
}
complete -F _goqemu goqemu
`;
}
