import {
  callListener,
  GoqemuError,
  orAborted,
  sleep,
  TypedEmitter,
  type Unsubscribe,
  withDeadline,
} from '@goqemu/core';
import type { TransportAddress } from '../transports/address.ts';
import type {
  AnyQmpEvent,
  ExecuteOptions,
  ExecuteParameters,
  QmpArguments,
  QmpCommandName,
  QmpEvent,
  QmpEventName,
  QmpResult,
} from './commands.ts';
import { QmpClient, type QmpClientOptions } from './qmp-client.ts';

/** How a connection to a monitor is made again. */
export interface ReconnectOptions extends QmpClientOptions {
  /** Milliseconds before the first new attempt; doubled after each that fails. Default 100. */
  readonly firstDelayMs?: number;
  /** Longest time between attempts, in milliseconds; default 5000. */
  readonly longestDelayMs?: number;
  /** Milliseconds without a connection after which it gives up; default: never. */
  readonly giveUpAfterMs?: number;
  /**
   * Called for each connection that was made, and for each attempt that failed. It observes: what it throws is a
   * warning of the process.
   */
  readonly onState?: (state: ConnectionState) => void;
}

/** What a client that reconnects is doing. */
export type ConnectionState =
  | { readonly state: 'connected'; readonly client: QmpClient }
  | { readonly state: 'lost'; readonly error: unknown; readonly nextAttemptMs: number };

/**
 * A client that connects again when the connection is lost, or when QEMU has stopped answering. Listeners stay; a command that was under way fails
 * with `qmp-closed`, because only its sender knows whether it may be sent twice; a new one waits for the next
 * connection. Events that happen while there is none are lost: look at the machine after `connected`.
 *
 * @example
 * await using qmp = new ReconnectingQmpClient({ path: '/run/vm/qmp.sock' });
 * qmp.on('SHUTDOWN', ({ data }) => log(data.reason));
 */
export class ReconnectingQmpClient implements AsyncDisposable {
  /** Resolves when it was closed or has given up. */
  readonly closed: Promise<void>;
  readonly #target: TransportAddress;
  readonly #options: ReconnectOptions;
  readonly #stop = new AbortController();
  readonly #listeners = new TypedEmitter<{ [event: string]: AnyQmpEvent }>();
  #client: QmpClient | undefined;
  #lostAt = Date.now();
  #connected: Promise<QmpClient>;
  #announce: (client: QmpClient) => void = () => undefined;
  #refuse: (error: unknown) => void = () => undefined;

  constructor(target: TransportAddress, options: ReconnectOptions = {}) {
    this.#target = target;
    this.#options = options;
    this.#connected = this.#nextConnection();
    const abort = () => this.#stop.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted) abort();
    this.closed = this.#run().finally(() => options.signal?.removeEventListener('abort', abort));
  }

  /** The connection of now; undefined while there is none. */
  get client(): QmpClient | undefined {
    return this.#client?.ended ? undefined : this.#client;
  }

  /** Runs a command as soon as there is a connection; the time-out covers the wait for it as well. */
  async execute<C extends QmpCommandName>(
    command: C,
    ...parameters: ExecuteParameters<QmpArguments<C>, ExecuteOptions>
  ): Promise<QmpResult<C>> {
    const options = parameters[1];
    const client =
      this.client ??
      (await withDeadline(`connecting to run ${command}`, options?.timeoutMs ?? 30_000, options?.signal, (signal) =>
        orAborted(this.#nextClient(), signal),
      ));
    return client.execute(command, ...parameters);
  }

  /** Calls back for each event of this name, over all connections. */
  on<E extends QmpEventName>(name: E, listener: (event: QmpEvent<E>) => void): Unsubscribe {
    return this.#listeners.on(name, listener as unknown as (event: AnyQmpEvent) => void);
  }

  async close(): Promise<void> {
    this.#stop.abort(closedError());
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { firstDelayMs = 100, longestDelayMs = 5_000, giveUpAfterMs = Number.POSITIVE_INFINITY } = this.#options;
    const { signal } = this.#stop;
    let delay = firstDelayMs;
    while (!signal.aborted) {
      try {
        await this.#serve(() => {
          delay = firstDelayMs;
        });
      } catch (error) {
        if (signal.aborted) break;
        if (Date.now() - this.#lostAt >= giveUpAfterMs) return this.#refuse(error);
        this.#tell({ state: 'lost', error, nextAttemptMs: delay });
        await sleep(delay, signal).catch(() => undefined);
        delay = Math.min(delay * 2, longestDelayMs);
      }
    }
    this.#refuse(signal.reason);
  }

  /** One connection from its beginning to its end, which it throws unless it was ended here. */
  async #serve(onConnected: () => void): Promise<void> {
    const { signal } = this.#stop;
    const client = await QmpClient.connect(this.#target, { livenessMs: 30_000, ...this.#options, signal });
    const unsubscribe = client.onAny((event) => this.#listeners.emit(event.event, event));
    const close = () => void client.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    this.#client = client;
    onConnected();
    this.#announce(client);
    this.#tell({ state: 'connected', client });
    const { error } = await client.closed;
    signal.removeEventListener('abort', close);
    unsubscribe();
    this.#client = undefined;
    this.#lostAt = Date.now();
    this.#connected = this.#nextConnection();
    if (error) throw error;
  }

  /** A connection that is over may still wait for its socket: only then is there a next one to wait for. */
  async #nextClient(): Promise<QmpClient> {
    await this.#client?.closed;
    return this.#connected;
  }

  #tell(state: ConnectionState): void {
    if (this.#options.onState) callListener('onState', this.#options.onState, state);
  }

  #nextConnection(): Promise<QmpClient> {
    const next = new Promise<QmpClient>((resolve, reject) => {
      this.#announce = resolve;
      this.#refuse = reject;
    });
    next.catch(() => undefined); // there may be no command that waits
    return next;
  }
}

function closedError(): GoqemuError {
  return new GoqemuError({
    code: 'qmp-closed',
    source: 'environment',
    message: 'the QMP connection was closed here',
    hint: 'make a new client',
  });
}
