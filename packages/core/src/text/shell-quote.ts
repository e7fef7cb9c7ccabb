import { GoqemuError } from '../errors/goqemu-error.ts';

const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** `A=b` and bash's `A+=b` are assignments where a command is expected, and zsh expands `=ls` to a path. */
const assignment = /^(?:[A-Za-z_][A-Za-z0-9_]*\+?)?=/;

/**
 * One word for a POSIX shell, whatever it holds: within single quotes nothing is special but the quote itself
 * (POSIX.1-2017, Shell Command Language, 2.2.2). Layer keys hold words of `sh` as this writes them: what is plain stays plain.
 *
 * @throws GoqemuError `text-has-nul` for text with a NUL character, which no argument of a process can carry
 * @example
 * shellQuote("it's"); // 'it'\''s'
 */
export function shellQuote(word: string): string {
  refuseNul(word, 'an argument');
  return plain.test(word) && !assignment.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Several words, quoted one by one, with a space between them. */
export function shellQuoteAll(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** @throws GoqemuError `text-has-nul` */
export function refuseNul(text: string, what: string): void {
  if (!text.includes('\0')) return;
  throw new GoqemuError({
    code: 'text-has-nul',
    source: 'user',
    subject: what,
    message: `${what} contains a NUL character, which neither a script nor an argument can carry`,
    detail: `at offset ${text.indexOf('\0')}`,
    hint: 'pass binary data as input or in a file',
  });
}
