import { GoqemuError, shellQuote } from '@goqemu/core';
import type { TestedCommandResult, TestedGuest } from '../tested-guest.ts';

/** One question's share of the time. */
export interface AskCall {
  /** Milliseconds, at least 1. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Script {
  /** POSIX shell; `$1`, `$2`, … are the words. It ends with 0 unless it has no answer. */
  readonly script: string;
  /** Handed to the script, quoted one by one. */
  readonly words?: readonly (string | number)[];
  /** As root. @default true */
  readonly sudo?: boolean;
  /** What the script reads on its standard input. @default nothing */
  readonly input?: string;
}

/** EX_UNAVAILABLE of sysexits.h: the guest lacks the programs that standard error names. */
const unavailable = 69;

/** What each script begins with: an answer in English, and the programs of administrators, which a session may lack. */
const prelude = `PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"; LC_ALL=C; export PATH LC_ALL
has() { command -v "$1" >/dev/null 2>&1; }
lacks() { echo "$*" >&2; exit ${unavailable}; }
`;

/**
 * Runs a script in the guest.
 *
 * @throws GoqemuError `expectation-unsupported` where the guest lacks every program for it; `expectation-unanswered` when it
 * ended otherwise than with 0
 */
export async function askGuest(guest: TestedGuest, call: AskCall, asked: Script): Promise<TestedCommandResult> {
  const words = (asked.words ?? []).map((word) => ` ${shellQuote(String(word))}`).join('');
  const result = await guest.exec(`set --${words}\n${prelude}${asked.script}`, {
    sudo: asked.sudo ?? true,
    timeout: Math.max(1, Math.ceil(call.timeoutMs)),
    ...(call.signal ? { signal: call.signal } : {}),
    ...(asked.input === undefined ? {} : { input: asked.input }),
  });
  if (result.exitCode === 0) return result;
  const said = result.stderr.trim().slice(-2000);
  if (result.exitCode === unavailable) {
    throw new GoqemuError({
      code: 'expectation-unsupported',
      source: 'environment',
      message: `the guest has no ${said}, so that this cannot be checked`,
      hint: 'install it in the guest, or run a command of your own with exec',
    });
  }
  throw new GoqemuError({
    code: 'expectation-unanswered',
    source: 'environment',
    message: `a question to the guest ended with ${result.exitCode ?? 'a signal'}`,
    detail: said || 'it printed nothing',
    hint: 'look at the guest',
  });
}

/** The lines `name value` at the beginning of an answer, and what follows the first empty line. */
export function readFields(text: string): { readonly fields: Readonly<Record<string, string>>; readonly body: string } {
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const pairs = head.split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Za-z]+)[ =](.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? ''] as const];
  });
  return { fields: Object.fromEntries(pairs), body: end < 0 ? '' : text.slice(end + 2) };
}
