import type { CommandSpec, OptionSpec } from '../arguments/command-spec.ts';
import { globalOptions } from '../arguments/global-options.ts';

/** The first word by which completion scripts ask for the names that a lab's state knows. */
export const completionWord = '__complete';

/** What may follow `goqemu` and some words, for the writers of completion scripts. */
export interface WordCandidates {
  /** The words so far: `''`, `checkpoint`, `checkpoint create`. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly summary: string }[];
}

/** First words, and second words of commands that have two. */
export function commandWords(commands: readonly CommandSpec[]): readonly WordCandidates[] {
  const first = new Map<string, string>();
  const second = new Map<string, { word: string; summary: string }[]>();
  for (const { name, summary } of commands) {
    const [word = '', verb] = name.split(' ');
    if (verb === undefined) first.set(word, summary);
    else {
      second.set(word, [...(second.get(word) ?? []), { word: verb, summary }]);
      if (!first.has(word))
        first.set(word, `${word}s: ${[...(second.get(word) ?? [])].map((one) => one.word).join(', ')}, …`);
    }
  }
  return [
    { path: '', words: [...first].map(([word, summary]) => ({ word, summary })) },
    ...[...second].map(([path, words]) => ({ path, words })),
  ];
}

/** All options of a command, its own first. */
export function optionsOf(command: CommandSpec): readonly (readonly [string, OptionSpec])[] {
  return [...Object.entries(command.options), ...Object.entries(globalOptions)];
}

/** Whether words of this command, other than options, are completed with anything. */
export function takesNames(command: CommandSpec): boolean {
  return command.positionals.some(({ completes, choices }) => completes !== undefined || choices !== undefined);
}
