import { parseArgs } from 'node:util';
import type { CommandSpec, OptionSpecs } from './command-spec.ts';

export interface SplitWords {
  /** The words of goqemu itself. */
  readonly own: readonly string[];
  /** The words of the command in the guest, or what stood after `--`. */
  readonly rest: readonly string[];
  /** True when a `--` stood between the two. */
  readonly separated: boolean;
}

/**
 * Where the words of goqemu end. A `--` says it. Without one, a command that runs another one (`exec`, `ssh`) takes one
 * machine, and the next word that is not an option begins the command: all that follows belongs to it, options too.
 */
export function splitWords(spec: CommandSpec, words: readonly string[], known: OptionSpecs): SplitWords {
  const end = words.indexOf('--');
  if (end >= 0) return { own: words.slice(0, end), rest: words.slice(end + 1), separated: true };
  const plain = spec.rest ? readTokens(words, known).filter((token) => token.kind === 'positional') : [];
  const begin = plain[spec.positionals.length]?.index;
  if (begin === undefined) return { own: words, rest: [], separated: false };
  return { own: words.slice(0, begin), rest: words.slice(begin), separated: false };
}

/** Node's reading of the words, without a judgement on them. */
export function readTokens(words: readonly string[], known: OptionSpecs) {
  return parseArgs({
    args: [...words],
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
  }).tokens;
}
