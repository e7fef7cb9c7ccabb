import { timeoutError } from '@goqemu/core';
import { type CallerStack, pointAt } from './caller-stack.ts';
import type { Reply, ReplyError } from './reply.ts';

export interface RequestLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Pending {
  readonly command: string;
  readonly caller: CallerStack;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
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

  constructor(toError: (command: string, error: ReplyError) => Error) {
    this.#toError = toError;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** The id of the request that has waited longest. */
  get oldest(): number | undefined {
    return this.#pending.keys().next().value;
  }

  /** Opens a request; `send` gets its id and is called at once. When sending fails, so does the request. */
  open<T>(command: string, limits: RequestLimits, caller: CallerStack, send: (id: number) => unknown): Promise<T> {
    const { signal, timeoutMs } = limits;
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<T>((resolve, reject) => {
      const onAbort = signal && (() => this.#giveUp(id, signal.reason));
      const timer = setTimeout(() => this.#giveUp(id, pointAt(timeoutError(command, timeoutMs), caller)), timeoutMs);
      this.#pending.set(id, { command, caller, resolve, reject, timer, signal, onAbort });
      if (onAbort) signal.addEventListener('abort', onAbort, { once: true });
      const sent = send(id);
      if (sent instanceof Promise) sent.catch((error: unknown) => this.#giveUp(id, error));
    });
  }

  /** @returns false when nobody ever asked under this id */
  settle(id: number, reply: Reply): boolean {
    const request = this.#take(id);
    if (!request) return this.#givenUp.delete(id);
    if ('error' in reply) request.reject(pointAt(this.#toError(request.command, reply.error), request.caller));
    else request.resolve(reply.return as never);
    return true;
  }

  /** The connection is over: nothing is left waiting. */
  rejectAll(toError: (command: string) => Error): void {
    for (const id of [...this.#pending.keys()]) {
      const request = this.#take(id);
      request?.reject(pointAt(toError(request.command), request.caller));
    }
    this.#givenUp.clear();
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
    clearTimeout(request.timer);
    if (request.onAbort) request.signal?.removeEventListener('abort', request.onAbort);
    return request;
  }
}
