import { parseArgs } from 'node:util';
import { nearestWord } from '@goqemu/core';
import type { CommandInput, CommandSpec, OptionSpec, OptionSpecs, OptionValues } from './command-spec.ts';
import { usageError } from './usage-error.ts';

/** The command that the first words name, and the words that are left. */
export interface ChosenCommand {
  readonly spec: CommandSpec;
  readonly words: readonly string[];
}

/**
 * Finds the command: the longest name that the leading words spell, with global options before it allowed.
 *
 * @throws GoqemuError `usage` with the nearest command
 */
export function chooseCommand(
  words: readonly string[],
  commands: readonly CommandSpec[],
  globals: OptionSpecs,
): ChosenCommand | undefined {
  const at = firstPlainWord(words, globals);
  const first = words[at];
  if (first === undefined) return undefined;
  const around = (count: number) => [...words.slice(0, at), ...words.slice(at + count)];
  const second = words[at + 1];
  const pair = commands.find((command) => command.name === `${first} ${second}`);
  if (pair) return { spec: pair, words: around(2) };
  const single = commands.find((command) => command.name === first);
  if (single) return { spec: single, words: around(1) };
  throw unknownCommand(first, second, commands);
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
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  const after = end < 0 ? [] : words.slice(end + 1);
  const { tokens } = parseArgs({
    args: [...own],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(known).map(([name, option]) => [
        name,
        {
          type: option.kind === 'flag' ? 'boolean' : 'string',
          ...(option.short ? { short: option.short } : {}),
        } as const,
      ]),
    ),
  });
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(known))
    values[name] = option.kind === 'flag' ? false : option.kind === 'list' ? [] : undefined;
  const positionals: string[] = [];
  for (const token of tokens)
    if (token.kind === 'positional') positionals.push(token.value);
    else if (token.kind === 'option') {
      const option = known[token.name];
      if (!option) throw unknownOption(token.rawName, known, spec.name);
      read(values, token.name, option, token.value, token.rawName);
    }
  const rest = spec.rest ? after : [];
  if (!spec.rest) positionals.push(...after);
  checkCount(spec, positionals, rest, end >= 0);
  return {
    input: { options: pick(values, spec.options) as OptionValues<Options>, positionals, rest },
    globals: pick(values, globals),
  };
}

function read(
  values: Record<string, unknown>,
  name: string,
  option: OptionSpec,
  value: string | undefined,
  typed: string,
): void {
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

function unknownOption(typed: string, known: OptionSpecs, command: string) {
  const near = typed.startsWith('--') ? nearestWord(typed.slice(2), Object.keys(known)) : undefined;
  return usageError(
    `goqemu ${command} has no option "${typed}"`,
    near ? `did you mean "--${near}"?` : `see "goqemu help ${command}" for its options`,
  );
}

function checkCount(spec: CommandSpec, given: readonly string[], rest: readonly string[], separated: boolean): void {
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
    throw usageError(
      `goqemu ${spec.name} needs ${spec.rest.name} after "--"${separated ? '' : ', which is missing'}`,
      hint,
    );
}

function pick(values: Readonly<Record<string, unknown>>, specs: OptionSpecs): Record<string, unknown> {
  return Object.fromEntries(Object.keys(specs).map((name) => [name, values[name]]));
}
