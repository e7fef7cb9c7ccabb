import { hasErrorCode } from '@goqemu/core';

/** How the watch over a connection reaches it. */
export interface LivenessProbe {
  /** True while a command waits for its reply: QEMU may be busy with it, and answers in the order of asking. */
  busy(): boolean;
  /** Sends a question that any monitor answers at once. */
  ask(timeoutMs: number): Promise<unknown>;
  dead(milliseconds: number): void;
}

/** Notices a peer that went silent although its connection stands. */
export class Liveness {
  readonly #silenceMs: number;
  readonly #probe: LivenessProbe;
  #lastReceived = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #stopped = false;

  constructor(silenceMs: number, probe: LivenessProbe) {
    this.#silenceMs = silenceMs;
    this.#probe = probe;
  }

  start(): void {
    this.#next(this.#silenceMs);
  }

  received(): void {
    this.#lastReceived = performance.now();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** A command that timed out while nothing at all was received puts the peer in doubt. */
  async judge<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
    const sent = performance.now();
    try {
      return await reply;
    } catch (error) {
      const silent = hasErrorCode(error, 'timeout') && this.#lastReceived < sent;
      if (silent && !this.#asking && !this.#probe.busy()) void this.#ask(Math.min(timeoutMs, this.#silenceMs));
      throw error;
    }
  }

  #next(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, milliseconds));
    this.#timer.unref();
  }

  #look(): void {
    const left = this.#silenceMs - (performance.now() - this.#lastReceived);
    if (left > 0) this.#next(left);
    else if (this.#asking || this.#probe.busy()) this.#next(this.#silenceMs);
    else void this.#ask(this.#silenceMs);
  }

  async #ask(timeoutMs: number): Promise<void> {
    this.#asking = true;
    const sent = performance.now();
    try {
      await this.#probe.ask(timeoutMs);
    } catch (error) {
      // A refusal is an answer as well.
      if (hasErrorCode(error, 'timeout') && this.#lastReceived < sent) this.#probe.dead(timeoutMs);
    } finally {
      this.#asking = false;
      this.#next(this.#silenceMs);
    }
  }
}
