import { errorMessage, hasErrorCode, isGoqemuError, scaledTimeout, sleep, withDeadline } from '@goqemu/core';
import type { AskCall } from '../ask/ask-guest.ts';
import { readWaitOptions, type Waiting, type WaitOptions } from '../options/wait-options.ts';
import type { ProbedMachine } from '../probes/probe.ts';
import { type Caller, pointAtCaller } from '../record/caller.ts';
import { ExpectationError } from './expectation-error.ts';
import { failureMessage } from './failure-message.ts';
import type { Evidence, Question } from './question.ts';

/** What is known of a wait. */
interface Progress<Seen> {
  attempts: number;
  seen?: { readonly answer: Seen };
  /** Why the last question had no answer. */
  trouble?: unknown;
}

/** A wait that is over. */
interface Failure<Seen> extends Progress<Seen> {
  readonly waitedMs: number;
  readonly evidence: Evidence | undefined;
}

/** One use of a matcher. */
export interface Expectation {
  readonly machine: ProbedMachine;
  /** As it is written: `expect(web.unit("nginx")).toBeActive()`. */
  readonly text: string;
  readonly negated: boolean;
  readonly options: WaitOptions | undefined;
  /** Where the test asks; its stack is the error's. */
  readonly at: Caller;
}

const evidenceMs = 10_000;

/**
 * Asks until the question holds, or with `negated` until it does not.
 *
 * @throws ExpectationError when the time is up; GoqemuError `option-invalid`, and what the guest throws that no wait changes
 */
export async function settle<Seen>(expectation: Expectation, question: Question<Seen>): Promise<void> {
  const waiting = readWaitOptions(expectation.text, expectation.options, expectation.machine.waiting);
  const started = performance.now();
  const progress: Progress<Seen> = { attempts: 0 };
  const left = () => waiting.timeoutMs - (performance.now() - started);
  for (;;) {
    const call = { timeoutMs: Math.max(1, left()), signal: waiting.signal };
    if (await isMet(question, expectation.negated, progress, call)) return;
    // A pause at whose end no time is left would only delay the failure.
    if (question.once || left() <= waiting.intervalMs) break;
    await sleep(waiting.intervalMs, waiting.signal);
  }
  const waitedMs = performance.now() - started;
  const evidence = await evidenceOf(question, progress, waiting);
  throw failed(expectation, question, { ...progress, waitedMs, evidence });
}

async function isMet<Seen>(
  question: Question<Seen>,
  negated: boolean,
  progress: Progress<Seen>,
  call: AskCall,
): Promise<boolean> {
  progress.attempts++;
  try {
    const answer = await withinTime(call, (inner) => question.ask(inner));
    progress.seen = { answer };
    delete progress.trouble;
    return question.holds(answer) === !negated;
  } catch (error) {
    call.signal?.throwIfAborted();
    if (!mayPass(error)) throw error;
    progress.trouble = error;
    return false;
  }
}

/** A guest that does not end its command in time is left alone after that. */
function withinTime<T>({ timeoutMs, signal }: AskCall, ask: (call: AskCall) => Promise<T>): Promise<T> {
  return withDeadline('a question to the guest', timeoutMs, signal, (inner) => ask({ timeoutMs, signal: inner }));
}

/** What a guest that boots, or is busy, gets over; all else stays as it is however long one waits. */
function mayPass(error: unknown): boolean {
  const passing = [
    'timeout',
    'connection-lost',
    'connect-failed',
    'command-interrupted',
    'command-not-started',
    'expectation-unanswered',
  ] as const;
  return passing.some((code) => hasErrorCode(error, code));
}

async function evidenceOf<Seen>(
  question: Question<Seen>,
  { seen }: Progress<Seen>,
  { signal }: Waiting,
): Promise<Evidence | undefined> {
  if (!question.evidence) return undefined;
  const ask = question.evidence.bind(question, seen?.answer);
  try {
    return await withinTime({ timeoutMs: scaledTimeout(evidenceMs, process.env), signal }, ask);
  } catch (error) {
    signal?.throwIfAborted();
    return { title: 'no more could be learned', text: wordsOf(error), from: 'start' };
  }
}

function failed<Seen>(
  { machine, text, negated, at }: Expectation,
  question: Question<Seen>,
  { attempts, seen, trouble, waitedMs, evidence }: Failure<Seen>,
): ExpectationError {
  const expected = `${negated ? 'not ' : ''}${question.expected}`;
  const got = seen ? question.got(seen.answer) : `no answer: ${wordsOf(trouble)}`;
  const message = failureMessage({ expectation: text, expected, got, waitedMs, attempts, evidence });
  const actual = seen ? (question.gotValue?.(seen.answer) ?? got) : got;
  const error = new ExpectationError(
    message,
    {
      expected: question.expectedValue ?? expected,
      actual: typeof actual === 'string' ? actual.slice(0, 4096) : actual,
    },
    { machine: machine.name, expectation: text, waitedMs: Math.round(waitedMs), attempts },
  );
  error.stack = `${error.name} [${error.code}]: ${message}`;
  pointAtCaller(error, at);
  return error;
}

function wordsOf(error: unknown): string {
  if (hasErrorCode(error, 'timeout')) return 'the guest did not answer in time';
  return isGoqemuError(error) && error.detail ? `${error.message}: ${error.detail}` : errorMessage(error);
}
