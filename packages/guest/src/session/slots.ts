import { orAborted } from '@goqemu/core';

/** A counted set of places; who finds none free waits in turn. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place. Disposing of it twice gives it back once. */
  async take(signal: AbortSignal | undefined): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      let admit: () => void = () => undefined;
      const turn = new Promise<void>((resolve) => {
        admit = resolve;
      });
      this.#waiting.add(admit);
      try {
        await orAborted(turn, signal);
      } catch (error) {
        // Called up in the very moment of giving up: the slot passes to the next.
        if (!this.#waiting.delete(admit)) this.#giveBack();
        throw error;
      }
    }
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#giveBack();
        held = false;
      },
    };
  }

  #giveBack(): void {
    const next = this.#waiting.values().next().value;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
