import { anySignal, hasErrorCode, isGoqemuError, type Logger, sleep, withDeadline } from '@goqemu/core';

export interface Operation {
  /** What it does, for messages and the log: `starting VM "web"`. */
  readonly name: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Commands that are sent meanwhile wait for its end. */
  readonly holdsCommands: boolean;
}

/** Milliseconds that a failed operation has for cleaning up before the failure is reported to its caller. */
const tidyMs = 20_000;

/** Carries out what changes a VM one after another, each with a time-out by its name and an entry in the log. */
export class OperationQueue {
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #holding: Promise<unknown> = Promise.resolve();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  run<T>(operation: Operation, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#carryOut(operation, work));
    const done = turn.then(
      ({ settled }) => settled,
      () => undefined, // reported to its caller
    );
    this.#last = done;
    if (operation.holdsCommands) this.#holding = done;
    return turn.then(({ result }) => result());
  }

  /** Resolves when no operation holds commands back any more. */
  async ready(): Promise<void> {
    for (let seen: unknown; seen !== this.#holding; ) {
      seen = this.#holding;
      await this.#holding;
    }
  }

  /** Has what is running and waiting give up, and waits until it has. */
  async stop(reason: Error): Promise<void> {
    this.#stop.abort(reason);
    await this.#last;
  }

  /** `settled` is when the work itself has come to rest: after a time-out it may still be tidying up. */
  async #carryOut<T>({ name, timeoutMs, signal }: Operation, work: (signal: AbortSignal) => Promise<T>) {
    const begun = performance.now();
    const either = anySignal(signal, this.#stop.signal);
    this.#logger.log('info', 'sdk', name);
    let settled: Promise<unknown> = Promise.resolve();
    const outcome = await withDeadline(name, timeoutMs, either, (inner) => {
      const working = work(inner);
      settled = working.catch(() => undefined); // reported through the outcome
      return working;
    }).then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    await this.#tidied(settled);
    return { result: outcome, settled: settled.then(() => this.#note(name, begun, outcome)) };
  }

  /** A failure is reported after the clean-up, unless that takes too long. */
  async #tidied(settled: Promise<unknown>): Promise<void> {
    const enough = new AbortController();
    const limit = sleep(tidyMs, enough.signal).catch(() => undefined); // ended early
    await Promise.race([settled, limit]);
    enough.abort();
  }

  #note(name: string, begun: number, outcome: () => unknown): void {
    const durationMs = Math.round(performance.now() - begun);
    try {
      outcome();
      this.#logger.log('info', 'sdk', `${name}: done`, { durationMs });
    } catch (error) {
      const code = isGoqemuError(error) ? error.code : 'unknown';
      this.#logger.log(hasErrorCode(error, 'timeout') ? 'error' : 'warn', 'sdk', `${name}: failed`, {
        durationMs,
        code,
      });
    }
  }
}
