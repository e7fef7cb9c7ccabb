import { withDeadline, within } from '@goqemu/core';
import type { ExecuteOptions, QmpClient } from '@goqemu/protocol';

interface Part {
  readonly command: string;
  readonly args: object;
  /** Takes it back. */
  readonly undo: () => Promise<unknown>;
}

/** Milliseconds for what was added to go again before the failure is thrown; it continues afterwards. */
const undoMs = 5_000;

/** QEMU answers as soon as it can; only the end of the connection is final. */
export const unlimited: ExecuteOptions = { timeoutMs: Number.POSITIVE_INFINITY };

/** The parts of a device, added one after another; when one fails or is given up, all of them are taken back. */
export class AddedParts {
  readonly #qmp: QmpClient;
  readonly #options: ExecuteOptions;
  readonly #undo: (() => Promise<unknown>)[] = [];
  /** Settles when the part that was given up is known to be there or not, and has been taken back. */
  #due: Promise<unknown> = Promise.resolve();

  /** @param options limits of each part */
  constructor(qmp: QmpClient, options: ExecuteOptions) {
    this.#qmp = qmp;
    this.#options = options;
  }

  async add({ command, args, undo }: Part): Promise<void> {
    const { timeoutMs = this.#qmp.timeoutOf(command), signal } = this.#options;
    signal?.throwIfAborted();
    const sent = this.#qmp.executeUntyped(command, args, unlimited);
    try {
      await withDeadline(command, timeoutMs, signal, () => sent);
    } catch (error) {
      this.#due = sent.then(undo, () => undefined);
      throw error;
    }
    this.#undo.unshift(undo);
  }

  /** Takes back what is there, the last part first; not under the limits that have just run out. */
  async takeBack(): Promise<void> {
    await within(undoMs, this.#takeBackAll());
  }

  async #takeBackAll(): Promise<void> {
    await this.#due;
    for (const undo of this.#undo.splice(0)) await undo();
  }
}
