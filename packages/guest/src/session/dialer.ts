import { anySignal, hasErrorCode, type Logger, orAborted, sleep, timeoutError, withDeadline } from '@goqemu/core';
import { type Connection, type ConnectionProgress, openConnection } from './connection.ts';
import type { SshEndpoint } from './endpoint.ts';
import { type BannerTiming, brokenHandshakePausesMs, defaultBannerTiming, doubling } from './pace.ts';

export interface DialerOptions {
  /** How long connecting is tried before commands that wait for it fail, in milliseconds. @default 120_000 */
  readonly reconnectMs?: number;
  /** From the banner to the login, in milliseconds: a guest without acceleration is slow at this. Below the 120 s after which sshd ends it (LoginGraceTime) and counts that against the address. @default 100_000 */
  readonly handshakeMs?: number;
  /** Pause between signs of life, in milliseconds; default 10 s. */
  readonly keepaliveMs?: number;
  /** Signs of life that may stay unanswered before the connection counts as broken; default 3. */
  readonly keepaliveCount?: number;
  /** At what pace sshd is asked for a connection. */
  readonly banner?: Partial<BannerTiming>;
}

export interface ConnectOptions extends ConnectionProgress {
  /** In milliseconds; default `reconnectMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A connection in the making, for as long as a caller waits for it. */
interface Dialing {
  readonly connection: Promise<Connection>;
  readonly stop: AbortController;
  waiters: number;
}

/** The one connection of a session: made when needed, and again after it has broken. */
export class Dialer {
  readonly #endpoint: SshEndpoint;
  readonly #options: DialerOptions;
  readonly #logger: Logger;
  readonly #closing: AbortSignal;
  #connection: Connection | undefined;
  #dialing: Dialing | undefined;

  /** @param closing ends what is being made, and all that would be */
  constructor(endpoint: SshEndpoint, options: DialerOptions, logger: Logger, closing: AbortSignal) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#logger = logger;
    this.#closing = closing;
  }

  /** The connection, while it stands. */
  get standing(): Connection | undefined {
    return this.#connection?.brokenBecause === undefined ? this.#connection : undefined;
  }

  /** The connection that stands, or a new one; those who ask meanwhile wait for the same. */
  async connection(options: ConnectOptions): Promise<Connection> {
    // One that its last waiter has given up is not joined: it ends with that waiter's reason.
    while (this.#dialing?.stop.signal.aborted) await this.#dialing.connection.catch(() => undefined);
    this.#closing.throwIfAborted();
    if (this.standing) return this.standing;
    this.#dialing ??= this.#startDialing(options);
    const dialing = this.#dialing;
    dialing.waiters++;
    try {
      return await orAborted(dialing.connection, options.signal);
    } finally {
      dialing.waiters--;
      if (dialing.waiters === 0) dialing.stop.abort(new Error('nothing waits for the connection any more'));
    }
  }

  drop(reason: string): void {
    this.#connection?.close(reason);
    this.#connection = undefined;
  }

  /** Resolves when nothing is in the making any more. */
  async settled(): Promise<void> {
    await this.#dialing?.connection.catch(() => undefined); // it was aborted, and its callers get the reason
  }

  #startDialing(options: ConnectOptions): Dialing {
    const stop = new AbortController();
    const connection = this.#dial(options, anySignal(stop.signal, this.#closing)).finally(() => {
      this.#dialing = undefined;
    });
    return { connection, stop, waiters: 0 };
  }

  /** Attempts until one succeeds; only what another attempt cannot fix ends it early. */
  async #dial(options: ConnectOptions, stop: AbortSignal): Promise<Connection> {
    const { host, port } = this.#endpoint;
    const timeoutMs = options.timeoutMs ?? this.#options.reconnectMs ?? 120_000;
    let last = 'no attempt has ended yet';
    const name = `connecting to ${host}:${port} over SSH`;
    const settings = {
      banner: { ...defaultBannerTiming, ...this.#options.banner },
      handshakeMs: this.#options.handshakeMs ?? 100_000,
      keepaliveMs: this.#options.keepaliveMs ?? 10_000,
      keepaliveCount: this.#options.keepaliveCount ?? 3,
      logger: this.#logger,
    };
    const note = (reason: string) => {
      last = reason;
      options.onAttempt?.(reason);
    };
    const attempt = async (signal: AbortSignal): Promise<Connection> => {
      for (let broken = 0; ; broken++) {
        try {
          const connection = await openConnection(this.#endpoint, settings, signal, {
            onBanner: options.onBanner,
            onAttempt: note,
          });
          if (signal.aborted) connection.close('it came too late');
          return connection;
        } catch (error) {
          signal.throwIfAborted();
          if (!hasErrorCode(error, 'connect-failed')) throw error;
          note(error.detail ?? error.message);
          await sleep(doubling(brokenHandshakePausesMs, broken), signal);
        }
      }
    };
    try {
      this.#connection = await withDeadline(name, timeoutMs, stop, attempt);
      return this.#connection;
    } catch (error) {
      if (hasErrorCode(error, 'timeout')) throw timeoutError(name, timeoutMs, last);
      throw error;
    }
  }
}
