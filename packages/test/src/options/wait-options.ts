import { type Duration, parseDuration, scaledTimeout } from '@goqemu/core';
import { checkOptions, optionInvalid } from './check-options.ts';

/** How long a matcher waits, and how often it asks. */
export interface WaitOptions {
  /**
   * How long it may take until it is so: a duration with its unit, or milliseconds; multiplied by `GOQEMU_TIMEOUT_SCALE`.
   *
   * @default '10 s', or that of the machine's probes
   * @example '2 min'
   */
  readonly timeout?: Duration;
  /**
   * The pause between an answer and the next question; one as long as the time limit asks once.
   *
   * @default '250 ms', or that of the machine's probes
   * @example '2 s'
   */
  readonly interval?: Duration;
  /** Ends the wait, and the command that runs in the guest for it. @default none @example AbortSignal.timeout(5000) */
  readonly signal?: AbortSignal;
}

/** {@link WaitOptions} as they have been read. */
export interface Waiting {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal | undefined;
}

export const usualWaiting: WaitOptions = { timeout: '10 s', interval: '250 ms' };

/** @throws GoqemuError `option-invalid`, `timeout-scale-invalid` */
export function readWaitOptions(what: string, given: unknown, usual: WaitOptions): Waiting {
  const { timeout, interval, signal } = checkWaitOptions(what, given);
  return {
    timeoutMs: scaledTimeout(milliseconds(timeout ?? usual.timeout ?? '10 s'), process.env),
    // Scaled, too: one as long as the time limit asks once on each host.
    intervalMs: scaledTimeout(milliseconds(interval ?? usual.interval ?? '250 ms'), process.env),
    signal: signal ?? usual.signal,
  };
}

/** @throws GoqemuError `option-invalid` */
export function checkWaitOptions(what: string, given: unknown): WaitOptions {
  const options = checkOptions<WaitOptions>(what, given, ['timeout', 'interval', 'signal']);
  for (const name of ['timeout', 'interval'] as const) checkDuration(what, name, options[name]);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw optionInvalid(what, 'signal', 'an AbortSignal', options.signal);
  return options;
}

function checkDuration(what: string, name: string, value: unknown): void {
  if (value === undefined) return;
  const isTime = typeof value === 'number' || typeof value === 'string';
  try {
    if (isTime && parseDuration(value as Duration, name) > 0) return;
  } catch {
    // It is reported as every other option is.
  }
  throw optionInvalid(what, name, "a duration such as '90 s' or a whole number of milliseconds", value);
}

function milliseconds(duration: Duration): number {
  return parseDuration(duration, 'duration');
}
