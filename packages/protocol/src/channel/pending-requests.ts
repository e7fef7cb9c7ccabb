import { longestTimerMs, timeoutError } from '@goqemu/core';
import type { Reply, ReplyError } from './reply.ts';

export interface RequestLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Pending {
  readonly command: string;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly timeoutMs: number;
  /** When its time is up, on the clock of `performance.now()`. */
  readonly due: number;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

/**
 * The requests that are under way. Each settles exactly once: by its reply, its time-out, its signal or the
 * end of the connection. One that was given up keeps its id on record, so that its late reply is absorbed.
 */
export class PendingRequests {
  readonly #toError: (command: string, error: ReplyError) => Error;
  readonly #pending = new Map<number, Pending>();
  readonly #givenUp = new Set<number>();
  #lastId = 0;
  #alarm: NodeJS.Timeout | undefined;
  #alarmDue = Number.POSITIVE_INFINITY;
  /** The one that was sent without an id. */
  #bare: number | undefined;

  constructor(toError: (command: string, error: ReplyError) => Error) {
    this.#toError = toError;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Opens a request; `send` is called at once and gets its id, or none when no other reply is due: QEMU's monitor
   * reads its input byte by byte, at some 4 µs each, so that an id would cost a fifth of a short round trip. When
   * sending fails, so does the request.
   */
  open<T>(command: string, limits: RequestLimits, send: (id: number | undefined) => unknown): Promise<T> {
    const { signal, timeoutMs } = limits;
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#lastId += 1;
    const id = this.#lastId;
    const alone = this.#pending.size === 0 && this.#givenUp.size === 0;
    if (alone) this.#bare = id;
    return new Promise<T>((resolve, reject) => {
      const onAbort = signal && (() => this.#giveUp(id, signal.reason));
      const due = performance.now() + timeoutMs;
      this.#pending.set(id, { command, resolve, reject, timeoutMs, due, signal, onAbort });
      if (due < this.#alarmDue) this.#setAlarm(due);
      if (onAbort) signal.addEventListener('abort', onAbort, { once: true });
      const sent = send(alone ? undefined : id);
      if (sent instanceof Promise) sent.catch((error: unknown) => this.#giveUp(id, error));
    });
  }

  /**
   * @param name the reply's id. Without one it answers the request that had none; or QEMU could not read a request,
   *   and that is the one that has waited longest, because it answers in the order of asking.
   * @returns false when this was never requested
   */
  settle(name: unknown, reply: Reply): boolean {
    const id = typeof name === 'number' ? name : (this.#bare ?? this.#pending.keys().next().value);
    if (id === undefined) return false;
    if (id === this.#bare) this.#bare = undefined;
    const request = this.#take(id);
    if (!request) return this.#givenUp.delete(id);
    if ('error' in reply) request.reject(this.#toError(request.command, reply.error));
    else request.resolve(reply.return as never);
    return true;
  }

  /** The connection is over: nothing is left waiting. */
  rejectAll(toError: (command: string) => Error): void {
    for (const id of [...this.#pending.keys()]) {
      const request = this.#take(id);
      request?.reject(toError(request.command));
    }
    clearTimeout(this.#alarm);
    this.#givenUp.clear();
    this.#bare = undefined;
  }

  /** One timer for all: a request that is answered in time, as nearly all are, costs none. */
  #setAlarm(due: number): void {
    clearTimeout(this.#alarm);
    this.#alarmDue = due;
    this.#alarm = setTimeout(
      () => this.#expire(),
      Math.min(longestTimerMs, Math.max(1, Math.ceil(due - performance.now()))),
    );
  }

  #expire(): void {
    this.#alarmDue = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, { command, due, timeoutMs }] of [...this.#pending]) {
      if (due <= now) this.#giveUp(id, timeoutError(command, timeoutMs));
      else next = Math.min(next, due);
    }
    if (next < this.#alarmDue) this.#setAlarm(next);
  }

  #giveUp(id: number, reason: unknown): void {
    const request = this.#take(id);
    if (!request) return;
    this.#givenUp.add(id);
    request.reject(reason);
  }

  #take(id: number): Pending | undefined {
    const request = this.#pending.get(id);
    if (!request) return undefined;
    this.#pending.delete(id);
    if (request.onAbort) request.signal?.removeEventListener('abort', request.onAbort);
    return request;
  }
}
