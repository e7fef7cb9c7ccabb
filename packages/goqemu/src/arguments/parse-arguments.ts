import { nearestWord } from '@goqemu/core';
import type { CommandInput, CommandSpec, OptionSpec, OptionSpecs, OptionValues } from './command-spec.ts';
import { otherOption, otherWord } from './other-words.ts';
import { readTokens, splitWords } from './split-words.ts';
import { usageError } from './usage-error.ts';

/** The command that the first words name, and the words that are left. */
export interface ChosenCommand<Spec extends CommandSpec = CommandSpec> {
  readonly spec: Spec;
  readonly words: readonly string[];
}

/**
 * Finds the command: the longest name that the leading words spell, with global options before it allowed.
 *
 * @throws GoqemuError `usage` with the nearest command, or with the command that another tool's word is here
 */
export function chooseCommand<Spec extends CommandSpec>(
  words: readonly string[],
  commands: readonly Spec[],
  globals: OptionSpecs,
): ChosenCommand<Spec> | undefined {
  const chosen = findCommand(words, commands, globals);
  if (chosen) return chosen;
  const at = firstPlainWord(words, globals);
  const first = words[at];
  if (first === undefined) return undefined;
  throw unknownCommand(first, words[at + 1], commands);
}

function findCommand<Spec extends CommandSpec>(
  words: readonly string[],
  commands: readonly Spec[],
  globals: OptionSpecs,
): ChosenCommand<Spec> | undefined {
  const at = firstPlainWord(words, globals);
  const [first, second] = words.slice(at);
  if (first === undefined) return undefined;
  const around = (count: number) => [...words.slice(0, at), ...words.slice(at + count)];
  const pair = commands.find((command) => command.name === `${first} ${second}`);
  if (pair) return { spec: pair, words: around(2) };
  const single = commands.find((command) => command.name === first);
  return single ? { spec: single, words: around(1) } : undefined;
}

/** The words of a whole command line that are goqemu's own, also where they are wrong. */
export function ownWords(
  words: readonly string[],
  commands: readonly CommandSpec[],
  globals: OptionSpecs,
): readonly string[] {
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  const chosen = end < 0 ? findCommand(before, commands, globals) : undefined;
  return chosen ? splitWords(chosen.spec, chosen.words, { ...globals, ...chosen.spec.options }).own : before;
}

function firstPlainWord(words: readonly string[], globals: OptionSpecs): number {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return words.length;
    if (!word.startsWith('-') || word === '-') return index;
    const spec = globals[word.slice(2)];
    if (spec && spec.kind !== 'flag') index++; // its value
  }
  return words.length;
}

function unknownCommand(first: string, second: string | undefined, commands: readonly CommandSpec[]) {
  const family = commands.filter((command) => command.name.startsWith(`${first} `));
  if (family.length > 0) {
    const verbs = family.map((command) => command.name.slice(first.length + 1));
    const near = second === undefined ? undefined : nearestWord(second, verbs);
    return usageError(
      second === undefined || second.startsWith('-')
        ? `goqemu ${first} needs one of: ${verbs.join(', ')}`
        : `goqemu ${first} has no "${second}"`,
      near ? `did you mean "goqemu ${first} ${near}"?` : `see "goqemu help ${first}"`,
    );
  }
  const other = otherWord(first);
  if (other) return usageError(`goqemu has no command "${first}"`, other);
  const near = nearestWord(first, [...new Set(commands.map((command) => command.name.split(' ')[0] ?? ''))]);
  return usageError(
    `goqemu has no command "${first}"`,
    near ? `did you mean "goqemu ${near}"?` : 'see "goqemu help" for the commands',
  );
}

/**
 * Reads the words of one command against its specification.
 *
 * @throws GoqemuError `usage` for an unknown option (with the nearest one), a missing or wrong value, or a
 * positional too many or too few
 */
export function parseArguments<Options extends OptionSpecs>(
  spec: CommandSpec<Options>,
  words: readonly string[],
  globals: OptionSpecs,
): { readonly input: CommandInput<Options>; readonly globals: Readonly<Record<string, unknown>> } {
  const known: OptionSpecs = { ...globals, ...spec.options };
  const { own, rest: after, separated } = splitWords(spec, words, known);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(known))
    values[name] = option.kind === 'flag' ? false : option.kind === 'list' ? [] : undefined;
  const positionals: string[] = [];
  for (const token of readTokens(own, known))
    if (token.kind === 'positional') positionals.push(token.value);
    else if (token.kind === 'option') {
      const option = known[token.name];
      if (!option) throw unknownOption(token.rawName, own[token.index] ?? '', known, spec);
      read(values, { name: token.name, typed: token.rawName, option, value: token.value });
    }
  const rest = spec.rest ? after : [];
  if (!spec.rest) positionals.push(...after);
  checkCount(spec, positionals, rest);
  return {
    input: { options: pick(values, spec.options) as OptionValues<Options>, positionals, rest, separated },
    globals: pick(values, globals),
  };
}

/** An option as a command line gives it. */
interface GivenOption {
  readonly name: string;
  /** As it is typed there. */
  readonly typed: string;
  readonly option: OptionSpec;
  readonly value: string | undefined;
}

function read(values: Record<string, unknown>, { name, typed, option, value }: GivenOption): void {
  if (option.kind === 'flag') {
    if (value === undefined) values[name] = true;
    else if (!option.choices) throw usageError(`${typed} takes no value`, `write ${typed} alone`);
    else values[name] = oneOf(value, option.choices, typed);
    return;
  }
  if (value === undefined || value === '') throw usageError(`${typed} needs a value`, `write ${typed} ${option.value}`);
  if (option.kind === 'list') (values[name] as string[]).push(value);
  else if (option.kind === 'number') values[name] = numberIn(value, option, typed);
  else values[name] = option.choices ? oneOf(value, option.choices, typed) : value;
}

function oneOf(value: string, choices: readonly string[], typed: string): string {
  // A list such as qmp,ssh is one value for each part.
  if (value.split(',').every((part) => choices.includes(part))) return value;
  throw usageError(`${typed}: "${value}" is not one of ${choices.join(', ')}`, `write ${typed}=${choices[0]}`);
}

function numberIn(value: string, option: { readonly least: number; readonly most: number }, typed: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= option.least && number <= option.most) return number;
  throw usageError(
    `${typed}: "${value}" is not a whole number from ${option.least} to ${option.most}`,
    `write ${typed} ${option.least}`,
  );
}

/** @param word the whole word: `-auto-approve` is one option to Terraform, and several letters here */
function unknownOption(typed: string, word: string, known: OptionSpecs, spec: CommandSpec) {
  const { name, rest } = spec;
  const [whole = ''] = word.replace(/^--?/, '').split('=');
  const other = otherOption(whole, known);
  const near = whole.length > 1 ? nearestWord(whole, Object.keys(known)) : undefined;
  const isWhole = typed.startsWith('--') || other !== undefined || near !== undefined;
  const message = `goqemu ${name} has no option "${isWhole ? word.split('=')[0] : typed}"`;
  if (other) return usageError(message, other);
  if (near) return usageError(message, `did you mean "--${near}"?`);
  const see = `see "goqemu help ${name}" for its options`;
  return usageError(message, rest ? `${see}; those of the ${rest.name} follow it, or "--"` : see);
}

function checkCount(spec: CommandSpec, given: readonly string[], rest: readonly string[]): void {
  const required = spec.positionals.filter((positional) => !positional.optional);
  const missing = required[given.length];
  const example = spec.examples[0];
  const hint = example ? `for example: ${example.command}` : `see "goqemu help ${spec.name}"`;
  if (missing) throw usageError(`goqemu ${spec.name} needs ${missing.name}: ${missing.summary}`, hint);
  const extra = given[spec.positionals.length];
  if (extra !== undefined && !spec.positionals.at(-1)?.many)
    throw usageError(`goqemu ${spec.name} does not know what to do with "${extra}"`, hint);
  given.forEach((value, index) => {
    const choices = (spec.positionals[index] ?? spec.positionals.at(-1))?.choices;
    if (choices && !choices.includes(value)) throw usageError(`"${value}" is not one of ${choices.join(', ')}`, hint);
  });
  if (spec.rest && !spec.rest.optional && rest.length === 0)
    throw usageError(`goqemu ${spec.name} needs ${spec.rest.name}: ${spec.rest.summary}`, hint);
}

function pick(values: Readonly<Record<string, unknown>>, specs: OptionSpecs): Record<string, unknown> {
  return Object.fromEntries(Object.keys(specs).map((name) => [name, values[name]]));
}
