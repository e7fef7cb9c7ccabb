import { GoqemuError } from '../errors/goqemu-error.ts';
import { formatDuration } from '../units/duration.ts';

/** Node.js fires longer timers at once (about 24 days). */
export const longestTimerMs = 2 ** 31 - 1;

/** The error of a wait that took too long; every wait in goqemu has a name. */
export function timeoutError(name: string, milliseconds: number, detail?: string): GoqemuError {
  return new GoqemuError({
    code: 'timeout',
    source: 'environment',
    subject: name,
    message: `${name} did not finish within ${formatDuration(milliseconds)}`,
    ...(detail ? { detail } : {}),
    data: { name, milliseconds },
  });
}

/**
 * Runs `work` with a signal that fires after `milliseconds` (Infinity: 24 days) or when `signal` does.
 *
 * @throws GoqemuError `timeout`, naming the wait, when the time is up; `signal.reason` when the caller gave up
 */
export async function withDeadline<T>(
  name: string,
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(timeoutError(name, milliseconds)),
    Math.min(milliseconds, longestTimerMs),
  );
  const forward = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', forward, { once: true });
  try {
    return await orAborted(work(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}

/** Settles as `promise` does, or rejects with the signal's reason, whichever comes first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
