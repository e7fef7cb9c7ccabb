import { type Deferred, deferred, GoqemuError, hasErrorCode, withDeadline } from '@goqemu/core';
import { isQmpCommandError, type QmpClient } from '@goqemu/protocol';
import { unlimited } from './added-parts.ts';

/** How long a guest has to let go of a device. */
export interface UnplugOptions {
  /** Milliseconds for the guest to let go; default 10 000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Removes what is behind a device that has gone; gives how many parts there were. */
export type RemoveBackend = () => Promise<number>;

/**
 * Devices that the guest was asked to let go of. It may do so after the caller has given up, or at a reset: what is
 * behind the device is removed then, as long as the connection stands.
 */
export class Unplugging {
  readonly #qmp: QmpClient;
  readonly #asked = new Map<string, Deferred<void>>();

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
  }

  /**
   * Asks the guest to let go of a device, waits until it has, and removes what is behind it. Of a device that has gone
   * without being asked only that is left to remove.
   *
   * @throws GoqemuError `unplug-refused`; QmpCommandError `DeviceNotFound` when there is nothing of this id
   */
  async unplug(id: string, removeBackend: RemoveBackend, options: UnplugOptions): Promise<void> {
    const { timeoutMs = 10_000, signal } = options;
    signal?.throwIfAborted();
    const gone = this.ask(id, removeBackend);
    try {
      await withDeadline(waitName, timeoutMs, signal, () => gone);
    } catch (error) {
      throw hasErrorCode(error, 'timeout') && error.subject === waitName ? refusedError(id, timeoutMs, error) : error;
    }
    this.forget(id);
  }

  /** Asks without a limit; resolves when the device, and what was behind it, has gone. */
  async ask(id: string, removeBackend: RemoveBackend): Promise<void> {
    const before = this.#asked.get(id);
    const asked = before ?? this.#follow(id, removeBackend);
    await this.#request(id, asked, removeBackend, before !== undefined);
    await asked.promise;
  }

  /** The id is used again. */
  forget(id: string): void {
    this.#asked.delete(id);
  }

  #follow(id: string, removeBackend: RemoveBackend): Deferred<void> {
    const gone = deferred<void>();
    gone.promise.catch(() => undefined); // the caller may have given up
    this.#asked.set(id, gone);
    this.#qmp
      .waitFor('DEVICE_DELETED', { match: ({ data }) => data.device === id, timeoutMs: Number.POSITIVE_INFINITY })
      .then(removeBackend)
      .then(() => gone.resolve(), gone.reject);
    return gone;
  }

  async #request(id: string, asked: Deferred<void>, removeBackend: RemoveBackend, again: boolean): Promise<void> {
    try {
      await this.#qmp.execute('device_del', { id }, unlimited);
    } catch (error) {
      // Asked before, it may have gone meanwhile, or be on its way (“already in the process of unplug”).
      if (isQmpCommandError(error) && again) return;
      if (isQmpCommandError(error, 'DeviceNotFound') && (await removeBackend()) > 0) return asked.resolve();
      this.forget(id);
      throw error;
    }
  }
}

const waitName = 'the guest letting go of the device';

function refusedError(id: string, timeoutMs: number, cause: GoqemuError): GoqemuError {
  return new GoqemuError({
    code: 'unplug-refused',
    source: 'environment',
    subject: id,
    message: `the guest has not let go of ${id} within ${timeoutMs} ms`,
    hint: 'a guest that is still in its firmware, or has the disk mounted, does not: unmount it, and try again. When the guest lets go later, what is behind the device is removed then',
    cause,
  });
}
