import { anySignal, type Unsubscribe } from '@goqemu/core';
import { rebootedInCut } from './quiet-guest.ts';

/** What is needed of a machine's QMP client. */
interface ResetEvents {
  on(event: 'RESET', listener: () => void): Unsubscribe;
}

/**
 * Notices that a guest is reset while it is cut. A step may have started a reboot and ended: what is asked of the guest
 * from then on may be done by its next boot, and a layer of it would go down once it is restored.
 */
export class ResetWatch implements Disposable {
  readonly #name: string;
  readonly #reset = new AbortController();
  readonly #unsubscribe: Unsubscribe | undefined;

  /** @param machine undefined for one that is not running: nothing resets it */
  constructor(name: string, machine: { readonly qmp: ResetEvents } | undefined) {
    this.#name = name;
    this.#unsubscribe = machine?.qmp.on('RESET', () => this.#reset.abort(rebootedInCut(name)));
  }

  get hasReset(): boolean {
    return this.#reset.signal.aborted;
  }

  /** A signal for what has no meaning after a reset; aborts also with that of the caller. */
  limit(signal: AbortSignal | undefined): AbortSignal {
    return anySignal(this.#reset.signal, signal);
  }

  /** @throws GoqemuError `guest-rebooted` */
  throwIfReset(): void {
    if (this.hasReset) throw rebootedInCut(this.#name);
  }

  [Symbol.dispose](): void {
    this.#unsubscribe?.();
  }
}
