import { type AskCall, askGuest } from '../ask/ask-guest.ts';
import { shortWord } from '../expect/bounded.ts';
import type { Question } from '../expect/question.ts';
import { optionInvalid } from '../options/check-options.ts';
import { checkPattern, contains, type TextPattern } from '../options/text-pattern.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbedMachine, ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';
import type { JournalMark } from './journal-mark.ts';

/** What the journal of a machine is expected to say. */
export interface JournalMatchers {
  /** The text is in a line of it, or the expression finds something; of the current boot, and of its last 5000 lines. */
  toContain(text: TextPattern, options?: WaitOptions): Promise<void>;
  /**
   * It has no message of priority `err` or worse after this place, or this time of the host. This is so at once, or it is not:
   * wait for what you await first.
   */
  toHaveNoErrorsSince(mark: JournalMark | Date, options?: WaitOptions): Promise<void>;
}

export interface JournalSubject {
  readonly unit: string | undefined;
}

export type JournalProbe = ProbeOf<'journal', JournalSubject>;

export function journalMatchers(probe: JournalProbe, check: Check): JournalMatchers {
  return {
    toContain: (text, options) =>
      check('toContain', [text], options, (what): Question<string> => {
        checkPattern(what, 'text', text);
        return {
          ...linesQuestion(probe, ['--boot=0', '--lines=5000'], (lines) => contains(lines, text)),
          expected: `a line with ${typeof text === 'string' ? shortWord(text) : text}`,
          expectedValue: text,
          got: (lines) => (contains(lines, text) ? 'such a line' : `none in ${counted(lines)}`),
        };
      }),
    toHaveNoErrorsSince: (mark, options) =>
      check(
        'toHaveNoErrorsSince',
        [mark instanceof Date ? mark.toISOString() : mark],
        options,
        (what): Question<string> => ({
          ...linesQuestion(probe, ['--priority=err', since(what, mark)], (lines) => lines.trim() === ''),
          expected: 'no errors',
          got: (lines) => (lines.trim() === '' ? 'no errors' : `errors: ${counted(lines)}`),
        }),
      ),
  };
}

/** @throws GoqemuError `expectation-unsupported` without journald */
export async function journalMark({ guest }: ProbedMachine, call: AskCall): Promise<JournalMark> {
  const { stdout } = await askGuest(guest, call, { script: `${needed}\n${show} --lines=1 --show-cursor` });
  const [, cursor] = /^-- cursor: (\S+)$/m.exec(stdout) ?? [];
  return { cursor: cursor ?? '' };
}

function linesQuestion(
  { subject: { unit }, machine: { guest } }: JournalProbe,
  options: readonly string[],
  holds: (lines: string) => boolean,
): Question<string> {
  const words = [...options, ...(unit === undefined ? [] : [`--unit=${unit}`])];
  return {
    expected: '',
    ask: async (call) => (await askGuest(guest, call, { script: lines, words })).stdout,
    holds,
    got: counted,
    gotValue: (lines) => lines.slice(-4096),
    evidence: async (lines) => ({ title: 'its last lines', text: lines || '(nothing)', from: 'end' }),
  };
}

const needed = `has journalctl || lacks 'journal (journalctl of systemd)'`;
const show = 'journalctl --no-pager --quiet --output=short';

/**
 * What journald has received is written first. Journalctl's `--after-cursor` leaves an entry too many out where the one at the
 * cursor is not of the priority that is asked for; so it begins at the cursor, and what stands at it is left out here.
 */
const lines = `${needed}
journalctl --sync 2>/dev/null
from=1; for word; do case $word in --cursor=*)
first=$(journalctl --no-pager --quiet --output=export "$@" | sed -n '/^__CURSOR=/{s///p;q;}')
[ "--cursor=$first" = "$word" ] && from=2 ;; esac; done
${show} "$@" | tail -n +"$from" | tail -c 1048576`;

function since(what: string, mark: unknown): string {
  if (mark instanceof Date && !Number.isNaN(mark.getTime())) return `--since=@${(mark.getTime() / 1000).toFixed(3)}`;
  const cursor = (mark as JournalMark | undefined)?.cursor;
  if (typeof cursor !== 'string') throw optionInvalid(what, 'mark', 'what journal().mark() returned, or a Date', mark);
  // A journal that was empty then has no cursor: all of it came after.
  return cursor === '' ? '--boot=0' : `--cursor=${cursor}`;
}

function counted(lines: string): string {
  const count = lines.split('\n').filter(Boolean).length;
  return `${count} ${count === 1 ? 'line' : 'lines'}`;
}
