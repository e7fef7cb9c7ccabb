import type { CommandSpec } from '../arguments/command-spec.ts';
import { commandWords, completionWord, optionsOf } from './candidates.ts';

/**
 * A completion script for bash: words and options from the command table, names from the lab's state. It is as long as the
 * script, which is one text.
 */
export function bashCompletion(commands: readonly CommandSpec[]): string {
  const words = commandWords(commands)
    .map(({ path, words }) => `    '${path}') candidates='${words.map(({ word }) => word).join(' ')}' ;;`)
    .join('\n');
  const options = commands
    .map(
      (command) =>
        `        '${command.name}') candidates='${optionsOf(command)
          .map(([name]) => `--${name}`)
          .join(' ')}' ;;`,
    )
    .join('\n');
  return `# bash completion of goqemu; load it with: source <(goqemu completion bash)
_goqemu() {
  local word=\${COMP_WORDS[COMP_CWORD]} path='' candidates='' index
  COMPREPLY=()
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
  if [[ $word == -* ]]; then
    candidates=''
    while [[ -n $path ]]; do
      case $path in
${options}
      esac
      [[ -n $candidates || $path != *' '* ]] && break
      path=\${path% *}
    done
  elif [[ -z $candidates ]]; then
    _goqemu_names
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$word")
}
# Names, of which bash inserts a text as it stands: quoted here, unless a quote was opened already.
_goqemu_names() {
  local quote='' plain typed=() adds='' line name
  for name in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do typed+=("\${name//[\\\\\\'\\"]/}"); done
  case $word in
    = | :) plain='' ;;
    \\'* | \\"*) quote=\${word:0:1} plain=\${word:1} ;;
    *) plain=\${word//\\\\/} ;;
  esac
  while IFS= read -r line; do
    if [[ -z $adds ]]; then adds=$line; continue; fi
    name=\${line%%$'\\t'*}
    [[ $name == "$plain"* ]] || continue
    if [[ -z $quote && $name != *: ]]; then printf -v name %q "$name"; fi
    COMPREPLY+=("$name")
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" ${completionWord} -- "\${typed[@]}" 2>/dev/null)
  case $adds in
    folders) compopt -o plusdirs ;;
    files)
      if ((\${#COMPREPLY[@]} == 0)); then
        compopt -o default
        return
      fi
      while IFS= read -r name; do
        if [[ -d $name ]]; then name+=/; fi
        if [[ -z $quote ]]; then printf -v name %q "$name"; fi
        COMPREPLY+=("$name")
      done < <(compgen -f -- "$plain")
      ;;
  esac
  if [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *[:/] ]]; then compopt -o nospace; fi
}
complete -F _goqemu goqemu
`;
}
