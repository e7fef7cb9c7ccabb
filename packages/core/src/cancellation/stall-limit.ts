import { GoqemuError } from '../errors/goqemu-error.ts';
import { formatDuration } from '../units/duration.ts';
import { longestTimerMs, orAborted } from './deadline.ts';

/** Says how far a work has come, in numbers that only grow: each that is larger than the last takes the limit back. */
export type Moved = (amount: number) => void;

/** A wait that has no limit as long as something moves. */
export interface StallLimit {
  /** What is waited for, as in “saving the RAM of web”. */
  readonly name: string;
  /** Milliseconds that may pass without a move (Infinity: 24 days). */
  readonly milliseconds: number;
  /** How the amount is written in the error. @default as a number */
  readonly show?: (amount: number) => string;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` with a signal that fires when nothing has moved for a while: how long a transfer takes as a whole depends on
 * the host, and says nothing about whether it continues.
 *
 * @throws GoqemuError `timeout`, naming the wait and how far it had come; `signal.reason` when the caller gave up
 */
export async function withStallLimit<T>(
  limit: StallLimit,
  work: (signal: AbortSignal, moved: Moved) => Promise<T>,
): Promise<T> {
  const { signal } = limit;
  signal?.throwIfAborted();
  const controller = new AbortController();
  let most = 0;
  const begin = () =>
    setTimeout(() => controller.abort(stalled(limit, most)), Math.min(limit.milliseconds, longestTimerMs));
  let timer = begin();
  const forward = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', forward, { once: true });
  const moved: Moved = (amount) => {
    if (amount <= most) return;
    most = amount;
    clearTimeout(timer);
    timer = begin();
  };
  try {
    return await orAborted(work(controller.signal, moved), controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}

function stalled({ name, milliseconds, show = String }: StallLimit, most: number): GoqemuError {
  return new GoqemuError({
    code: 'timeout',
    source: 'environment',
    subject: name,
    message: `${name} has not moved for ${formatDuration(milliseconds)}`,
    detail: `${show(most)} had moved before`,
    data: { name, milliseconds, moved: most },
  });
}
