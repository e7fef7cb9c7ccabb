import type { AnyQmpEvent } from '@goqemu/protocol';
import type { MachineExit } from './machine-exit.ts';
import type { MachineState } from './machine-state.ts';

/** What happens to a machine, in order. `exit` is the last. */
export type MachineEvent =
  | { readonly kind: 'state'; readonly state: MachineState; readonly previous: MachineState }
  /** As QEMU sent it. */
  | { readonly kind: 'qmp'; readonly event: AnyQmpEvent }
  | { readonly kind: 'exit'; readonly exit: MachineExit };

/** A queue that many write to and one reads; it ends after its last item. */
export class MachineEventStream implements AsyncIterableIterator<MachineEvent> {
  readonly #items: MachineEvent[] = [];
  readonly #leave: () => void;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(event: MachineEvent): void {
    if (this.#ended) return;
    this.#items.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<MachineEvent>> {
    for (;;) {
      const value = this.#items.shift();
      if (value) return { value, done: false };
      if (this.#ended) return { value: undefined, done: true };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<MachineEvent>> {
    this.#items.length = 0;
    this.end();
    this.#leave();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
