import type { CommandSpec, Completes, OptionSpec, OptionSpecs } from '../arguments/command-spec.ts';
import { globalOptions } from '../arguments/global-options.ts';
import { chooseCommand } from '../arguments/parse-arguments.ts';

/** What the last of some words stands for. */
export interface WordToComplete {
  readonly completes?: Completes;
  readonly choices?: readonly string[];
  /** What was said before it of the lab and its stack, and which names were given already. */
  readonly lab: string | undefined;
  /** Words before it that may be machines, or the lab. */
  readonly machinesOrLab: readonly string[];
  readonly stack: string | undefined;
  readonly given: readonly string[];
  /** What is there of it already. */
  readonly current: string;
}

/**
 * Reads a command line that is not finished: its last word is the one being typed. Undefined where no name can stand:
 * after `--`, for an option itself, and for an option's value that has no known words.
 */
export function wordToComplete(typed: readonly string[], commands: readonly CommandSpec[]): WordToComplete | undefined {
  const words = joined(typed);
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  if (before.includes('--')) return undefined;
  const chosen = chooseCommand(before, commands, globalOptions);
  if (!chosen) return undefined;
  const { spec } = chosen;
  const options: OptionSpecs = { ...globalOptions, ...spec.options };
  const positionals: string[] = [];
  const values: Record<string, string | undefined> = {};
  let open: OptionSpec | undefined;
  let openName = '';
  for (const word of chosen.words) {
    if (open) {
      values[openName] = word;
      open = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      const [name, value] = optionNamed(word, options);
      const option = options[name];
      if (value !== undefined) values[name] = value;
      else if (option && option.kind !== 'flag') [open, openName] = [option, name];
    } else positionals.push(word);
  }
  const said = {
    lab: values.lab ?? (spec.positionals[0]?.name === 'LAB' ? positionals[0] : undefined),
    machinesOrLab: spec.positionals[0]?.completes === 'machine-or-file' ? positionals : [],
    stack: values.stack,
    given: positionals,
    current,
  };
  if (!open && current.startsWith('-')) {
    const [name, value] = optionNamed(current, options);
    return value === undefined ? undefined : { ...wordsOf(options[name]), ...said };
  }
  const last = spec.positionals.at(-1);
  return { ...wordsOf(open ?? spec.positionals[positionals.length] ?? (last?.many ? last : undefined)), ...said };
}

function wordsOf(
  spec: { readonly completes?: Completes; readonly choices?: readonly string[] } | undefined,
): Pick<WordToComplete, 'completes' | 'choices'> {
  return {
    ...(spec?.completes ? { completes: spec.completes } : {}),
    ...(spec?.choices ? { choices: spec.choices } : {}),
  };
}

/** `--vm=web` and `-l` by the option's long name, with a value that is glued on. */
function optionNamed(word: string, options: OptionSpecs): [name: string, value?: string] {
  if (!word.startsWith('--')) {
    const name = Object.keys(options).find((one) => options[one]?.short === word[1]) ?? '';
    return word.length > 2 && options[name]?.kind !== 'flag' ? [name, word.slice(2)] : [name];
  }
  const at = word.indexOf('=');
  return at < 0 ? [word.slice(2)] : [word.slice(2, at), word.slice(at + 1)];
}

/** bash hands out `--vm=web` and `web:/etc` in three words each (COMP_WORDBREAKS in bash(1)). */
function joined(words: readonly string[]): readonly string[] {
  const whole: string[] = [];
  let glued = false;
  for (const word of words) {
    const isBreak = (word === '=' && whole.at(-1)?.startsWith('--')) || word === ':';
    if (whole.length > 0 && (isBreak || glued)) whole.push(`${whole.pop()}${word}`);
    else whole.push(word);
    glued = isBreak === true;
  }
  return whole;
}
