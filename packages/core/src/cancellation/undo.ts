import { withDeadline } from './deadline.ts';
import { sleep } from './sleep.ts';

export interface UndoOptions<T> {
  /** What the wait is called in an error. */
  readonly name: string;
  /** Milliseconds that the change may take. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Sends the change. It gets neither limit nor signal, so that its answer is read even when it comes late. */
  readonly change: () => Promise<T>;
  /** Takes back what was changed after it had been given up. */
  readonly undo: (value: T) => Promise<unknown>;
  /** Milliseconds to wait for that before the error is thrown; default 5000. It continues afterwards. */
  readonly graceMs?: number;
}

/**
 * Waits for a change that cannot be called back once it was sent. When the time is up, or the signal fires, the
 * change may still happen: its late answer is awaited, and what it did is undone.
 *
 * @throws GoqemuError `timeout`, naming the wait; `signal.reason`; what the change itself failed with
 */
export async function orUndone<T>(options: UndoOptions<T>): Promise<T> {
  const { name, timeoutMs, signal, undo, graceMs = 5_000 } = options;
  signal?.throwIfAborted();
  const change = options.change();
  try {
    return await withDeadline(name, timeoutMs, signal, () => change);
  } catch (error) {
    await within(graceMs, change.then(undo));
    throw error;
  }
}

/** Waits for clean-up no longer than `milliseconds`; it continues afterwards, and its failure is no one else's. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, sleep(milliseconds, stop.signal).catch(() => undefined)]);
  stop.abort();
}
