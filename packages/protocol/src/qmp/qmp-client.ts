import type { Logger, Unsubscribe } from '@goqemu/core';
import { type Connectable, openTransport } from '../transports/address.ts';
import type { PassedDescriptor } from '../transports/transport.ts';
import type { CommandTimeouts } from './command-timeouts.ts';
import type {
  AnyQmpEvent,
  ExecuteOptions,
  ExecuteParameters,
  JobCommandName,
  QmpArguments,
  QmpCommandName,
  QmpEvent,
  QmpEventName,
  QmpResult,
} from './commands.ts';
import type { QmpGreeting } from './greeting.ts';
import { type IntrospectionCache, loadIntrospection, type QmpIntrospection } from './introspection.ts';
import { type RunJobOptions, runJob } from './job.ts';
import { QmpConnection, type QmpEnd } from './qmp-connection.ts';
import { oobUnavailableError } from './qmp-errors.ts';
import type { QemuVersion } from './version.ts';
import { type WaitForOptions, waitForEvent } from './wait-for-event.ts';

/** Limits of a connection to a monitor. */
export interface QmpClientOptions {
  /** Milliseconds for the connection to be made; default 5000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for the greeting to arrive; default 5000. A busy monitor never sends one. */
  readonly greetingTimeoutMs?: number;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
  readonly timeouts?: Partial<CommandTimeouts>;
  /**
   * Milliseconds of silence, while no command is under way, after which QEMU is asked for a sign of life. Without an
   * answer within the same time the connection ends with `qmp-silent`; so it does when nothing comes after a command
   * has timed out. Default: it is kept (here), 30 000 (ReconnectingQmpClient).
   */
  readonly livenessMs?: number;
  /** Negotiate out-of-band execution where the monitor offers it; default false. */
  readonly oob?: boolean;
  /** Greatest length of one message in bytes; default 256 MiB. */
  readonly maxLineBytes?: number;
  readonly logger?: Logger;
  /** Keeps what {@link QmpClient.introspect} learns; without it, each client asks once. */
  readonly introspectionCache?: { readonly cache: IntrospectionCache; readonly binary: string };
}

/**
 * A client of one QMP monitor (QEMU docs/interop/qmp-spec). Commands may be sent without waiting for one
 * another; each settles by its reply, its time-out, its signal or the end of the connection.
 *
 * @example
 * await using qmp = await QmpClient.connect({ path: '/run/vm/qmp.sock' });
 * const { status } = await qmp.execute('query-status');
 */
export class QmpClient implements AsyncDisposable {
  /** Whom it speaks to, for messages. */
  readonly peer: string;
  /** Resolves when the connection has ended, whichever side ended it; never rejects. */
  readonly closed: Promise<QmpEnd>;
  readonly #connection: QmpConnection;
  readonly #introspectionCache: QmpClientOptions['introspectionCache'];
  #introspection: Promise<QmpIntrospection> | undefined;

  private constructor(connection: QmpConnection, options: QmpClientOptions) {
    this.#connection = connection;
    this.peer = connection.peer;
    this.closed = connection.closed;
    this.#introspectionCache = options.introspectionCache;
  }

  /**
   * Connects, waits for the greeting and negotiates.
   *
   * @throws GoqemuError `connect-failed` when nothing listens there; `qmp-no-greeting` when the monitor is
   *   probably busy with another client; `qmp-garbage` when the peer speaks something else
   */
  static async connect(target: Connectable, options: QmpClientOptions = {}): Promise<QmpClient> {
    const connection = new QmpConnection(await openTransport(target, options), options);
    try {
      await connection.negotiate(options);
      return new QmpClient(connection, options);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get greeting(): QmpGreeting {
    return this.#connection.greeting;
  }

  get version(): QemuVersion {
    return this.greeting.version;
  }

  /** True when out-of-band execution was negotiated. */
  get oob(): boolean {
    return this.#connection.oob;
  }

  /**
   * Runs a command and gives what it returns.
   *
   * @throws QmpCommandError when QEMU refuses; GoqemuError `timeout`, `qmp-closed`; the signal's reason
   * @example
   * await qmp.execute('device_del', { id: 'net1' });
   */
  execute<C extends QmpCommandName>(
    command: C,
    ...[args, options]: ExecuteParameters<QmpArguments<C>, ExecuteOptions>
  ): Promise<QmpResult<C>> {
    return this.#connection.send({ command, args }, options) as Promise<QmpResult<C>>;
  }

  /** The same for a name that goqemu's types do not know. */
  executeUntyped(command: string, args?: object, options?: ExecuteOptions): Promise<unknown> {
    return this.#connection.send({ command, args }, options);
  }

  /** Milliseconds that a command gets without a `timeoutMs` of its own; see {@link CommandTimeouts}. */
  timeoutOf(command: string): number {
    return this.#connection.timeoutOf(command);
  }

  /**
   * Runs a command at once, past those that wait for their turn. QEMU allows it for few: `migrate-recover`,
   * `migrate-pause`, `yank`, `query-yank` (QEMU docs/interop/qmp-spec, “Out-of-band execution”).
   *
   * @throws GoqemuError `qmp-oob-unavailable` unless connected with `oob: true` to a monitor that offers it
   */
  executeOob<C extends QmpCommandName>(
    command: C,
    ...[args, options]: ExecuteParameters<QmpArguments<C>, ExecuteOptions>
  ): Promise<QmpResult<C>> {
    if (!this.oob) return Promise.reject(oobUnavailableError(this.peer, command));
    return this.#connection.send({ verb: 'exec-oob', command, args }, options) as Promise<QmpResult<C>>;
  }

  /** Runs a command of the human monitor and gives what it printed; errors are in that text. */
  humanMonitor(line: string, options: ExecuteOptions & { readonly cpuIndex?: number } = {}): Promise<string> {
    const { cpuIndex, ...limits } = options;
    const args = { 'command-line': line, ...(cpuIndex === undefined ? {} : { 'cpu-index': cpuIndex }) };
    return this.#connection.send({ command: 'human-monitor-command', args }, limits) as Promise<string>;
  }

  /**
   * Starts a job with a command that takes `job-id`, waits for its end and dismisses it. A job that is given up,
   * even while it starts, is cancelled and dismissed; when QEMU does not answer in time, as soon as it does.
   *
   * @throws GoqemuError `qmp-job-failed` with QEMU's reason; `timeout` and the signal's reason after cancelling;
   *   what `whenReady` or `whenPending` threw
   * @example
   * await qmp.runJob('snapshot-save', { 'job-id': 's1', tag: 'before', vmstate: 'disk0', devices: ['disk0'] });
   */
  async runJob<C extends JobCommandName>(
    command: C,
    args: QmpArguments<C> & { readonly 'job-id': string },
    options?: RunJobOptions,
  ): Promise<void> {
    const monitor = {
      peer: this.peer,
      execute: (name: string, values?: object, limits?: ExecuteOptions) => this.executeUntyped(name, values, limits),
      timeoutOf: (name: string) => this.timeoutOf(name),
      follow: this.#connection.events.follow.bind(this.#connection.events),
    };
    await runJob(monitor, command, args, options);
  }

  /** Runs several actions as one: all of them happen, or none (QEMU qmp reference, “transaction”; since 1.1). */
  async transaction(
    actions: QmpArguments<'transaction'>['actions'],
    options: ExecuteOptions & { readonly properties?: QmpArguments<'transaction'>['properties'] } = {},
  ): Promise<void> {
    const { properties, ...limits } = options;
    await this.#connection.send({ command: 'transaction', args: { actions, properties } }, limits);
  }

  /** What this QEMU can do, by its own account; asked once, and kept per binary where there is a cache. */
  introspect(): Promise<QmpIntrospection> {
    this.#introspection ??= loadIntrospection(this, this.#introspectionCache).catch((error) => {
      this.#introspection = undefined;
      throw error;
    });
    return this.#introspection;
  }

  /** Whether a command, an argument, a value or a feature is there; the path is that of {@link QmpIntrospection.supports}. */
  async supports(path: string): Promise<boolean> {
    return (await this.introspect()).supports(path);
  }

  /**
   * Gives QEMU an open file descriptor or a connected socket under a name (`getfd`), which then belongs to QEMU and
   * is closed here.
   *
   * @throws GoqemuError `fd-passing-unavailable` unless connected with `{ path, passDescriptors: true }`
   * @example
   * await qmp.passDescriptor('migration', fd);
   * await qmp.execute('migrate', { uri: 'fd:migration' });
   */
  async passDescriptor(name: string, descriptor: PassedDescriptor, options?: ExecuteOptions): Promise<void> {
    await this.#connection.sendDescriptor('getfd', { fdname: name }, descriptor, options);
  }

  /** Adds an open file descriptor to a set (`add-fd`), for use as `/dev/fdset/ID`; it is closed here. */
  async addDescriptor(
    descriptor: number,
    set: QmpArguments<'add-fd'> = {},
    options?: ExecuteOptions,
  ): Promise<QmpResult<'add-fd'>> {
    return (await this.#connection.sendDescriptor('add-fd', set, descriptor, options)) as QmpResult<'add-fd'>;
  }

  /** Calls back for each event of this name, in order, as it is read. */
  on<E extends QmpEventName>(event: E, listener: (event: QmpEvent<E>) => void): Unsubscribe {
    return this.#connection.events.on(event, listener);
  }

  /** Calls back for every event. */
  onAny(listener: (event: AnyQmpEvent) => void): Unsubscribe {
    return this.#connection.events.onAny(listener);
  }

  /**
   * Every event from now on, in order. A reader that falls `highWaterMark` events (default 1024) behind holds
   * the connection back while no command and no {@link waitFor} is under way: QEMU then keeps the events.
   * Leave the loop, or call `return()`, to end it.
   */
  events(options: { readonly highWaterMark?: number } = {}): AsyncIterableIterator<AnyQmpEvent> {
    return this.#connection.events.stream(options.highWaterMark ?? 1024);
  }

  /**
   * The next event of this name. It subscribes before it returns, so start it before the command that causes
   * the event, or hand that command over as `trigger`.
   *
   * @example
   * await qmp.waitFor('STOP', { trigger: () => qmp.execute('stop') });
   */
  waitFor<E extends QmpEventName>(event: E, options: WaitForOptions<E> = {}): Promise<QmpEvent<E>> {
    const { ended, events } = this.#connection;
    if (ended) return Promise.reject(ended);
    const subscribe = (listener: (event: QmpEvent<E>) => void) => events.on(event, listener);
    return waitForEvent(event, { subscribe, onEnd: (listener) => events.onEnd(listener) }, options);
  }

  /** True from the moment on at which the connection is over: before {@link closed}, which waits for the socket. */
  get ended(): boolean {
    return this.#connection.ended !== undefined;
  }

  /** Ends the connection; what is still pending fails with `qmp-closed`. QEMU keeps running. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
