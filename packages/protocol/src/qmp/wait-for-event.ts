import { type GoqemuError, longestTimerMs, timeoutError } from '@goqemu/core';
import type { QmpEvent, QmpEventName } from './commands.ts';

/** Which event is waited for, and for how long. */
export interface WaitForOptions<E extends QmpEventName> {
  /** Which event is meant; default: the first one of this name. */
  readonly match?: (event: QmpEvent<E>) => boolean;
  /** Milliseconds; default 30 000; with Infinity the connection's end is the only limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Sends the command that causes the event; runs once the wait is in place. Its failure ends the wait. */
  readonly trigger?: () => Promise<unknown>;
}

export interface EventSource<E extends QmpEventName> {
  readonly subscribe: (listener: (event: QmpEvent<E>) => void) => () => void;
  /** Calls back when the connection ends, with the reason. */
  readonly onEnd: (listener: (error: GoqemuError) => void) => () => void;
}

/** Subscribes before it returns, so that no event that comes later is missed. */
export function waitForEvent<E extends QmpEventName>(
  name: E,
  source: EventSource<E>,
  options: WaitForOptions<E>,
): Promise<QmpEvent<E>> {
  const { match, signal, trigger, timeoutMs = 30_000 } = options;
  const wait = new Promise<QmpEvent<E>>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const fail = (error: unknown) => {
      leave();
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    const timer = setTimeout(
      () => fail(timeoutError(`waiting for the event ${name}`, timeoutMs)),
      Math.min(timeoutMs, longestTimerMs),
    );
    const unsubscribe = source.subscribe((event) => {
      try {
        if (match && !match(event)) return;
      } catch (thrown) {
        return fail(thrown);
      }
      leave();
      resolve(event);
    });
    const offEnd = source.onEnd(fail);
    signal?.addEventListener('abort', abort, { once: true });
    function leave() {
      clearTimeout(timer);
      unsubscribe();
      offEnd();
      signal?.removeEventListener('abort', abort);
    }
    // Through a microtask, so that what the trigger throws at once arrives here as well.
    if (trigger) Promise.resolve().then(trigger).catch(fail);
  });
  // The caller may be busy with the command that failed: its wait must not be reported as unhandled.
  wait.catch(() => undefined);
  return wait;
}
