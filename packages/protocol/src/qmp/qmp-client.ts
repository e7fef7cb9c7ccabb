import {
  type GoqemuError,
  internalError,
  type Logger,
  silentLogger,
  TypedEmitter,
  type Unsubscribe,
} from '@goqemu/core';
import { withCallerStack } from '../channel/caller-stack.ts';
import { PendingRequests } from '../channel/pending-requests.ts';
import { type Reply, readReply } from '../channel/reply.ts';
import { defaultLineLimit, LineSplitter } from '../framing/line-splitter.ts';
import { excerpt, parseMessage, type WireMessage } from '../framing/message.ts';
import { type Connectable, openTransport } from '../transports/address.ts';
import { fdPassingUnavailableError } from '../transports/descriptor-passing.ts';
import type { PassedDescriptor, Transport } from '../transports/transport.ts';
import { type CommandTimeouts, commandTimeout, defaultCommandTimeouts } from './command-timeouts.ts';
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
import { EventStream } from './event-stream.ts';
import { type QmpGreeting, readGreeting } from './greeting.ts';
import { type IntrospectionCache, loadIntrospection, type QmpIntrospection } from './introspection.ts';
import { type RunJobOptions, runJob } from './job.ts';
import {
  noGreetingError,
  notQmpError,
  oobUnavailableError,
  QmpCommandError,
  qmpBrokenError,
  qmpClosedError,
} from './qmp-errors.ts';
import type { QemuVersion } from './version.ts';
import { versionHint } from './version-hint.ts';
import { type WaitForOptions, waitForEvent } from './wait-for-event.ts';

export interface QmpClientOptions {
  /** Milliseconds for the connection to be made; default 5000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for the greeting to arrive; default 5000. A busy monitor never sends one. */
  readonly greetingTimeoutMs?: number;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
  readonly timeouts?: Partial<CommandTimeouts>;
  /** Negotiate out-of-band execution where the monitor offers it; default false. */
  readonly oob?: boolean;
  /** Greatest length of one message in bytes; default 256 MiB. */
  readonly maxLineBytes?: number;
  readonly logger?: Logger;
  /** Keeps what {@link QmpClient.introspect} learns; without it, each client asks once. */
  readonly introspectionCache?: { readonly cache: IntrospectionCache; readonly binary: string };
}

/** How a connection came to its end. */
export interface QmpEnd {
  /** Absent when this client closed it. */
  readonly error?: GoqemuError;
}

/** Names are checked where they come in; one listener of `*` hears all. */
type Internal = { [event: string]: AnyQmpEvent };

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
  /** Resolves when the connection has ended, whoever ended it; never rejects. */
  readonly closed: Promise<QmpEnd>;
  readonly #transport: Transport;
  readonly #requests: PendingRequests;
  readonly #timeouts: CommandTimeouts;
  readonly #logger: Logger;
  readonly #introspectionCache: QmpClientOptions['introspectionCache'];
  readonly #events = new TypedEmitter<Internal>();
  readonly #streams = new Set<EventStream<AnyQmpEvent>>();
  readonly #fullStreams = new Set<EventStream<AnyQmpEvent>>();
  readonly #endListeners = new Set<(error: GoqemuError) => void>();
  #onGreeting: (() => void) | undefined;
  #greeting: QmpGreeting | undefined;
  #oob = false;
  #ended: GoqemuError | undefined;
  #closing = false;
  #held = false;
  #introspection: Promise<QmpIntrospection> | undefined;
  #descriptorTurn: Promise<unknown> = Promise.resolve();

  private constructor(transport: Transport, options: QmpClientOptions) {
    this.#transport = transport;
    this.peer = transport.peer;
    this.#timeouts = { ...defaultCommandTimeouts, ...options.timeouts };
    this.#logger = options.logger ?? silentLogger;
    this.#introspectionCache = options.introspectionCache;
    this.#requests = new PendingRequests(
      (command, error) => new QmpCommandError(command, error, versionHint(command, error, this.#greeting?.version)),
    );
    this.closed = transport.closed.then(({ error }) => this.#end(qmpClosedError(this.peer, undefined, error)));
    const limit = options.maxLineBytes ?? defaultLineLimit;
    const splitter = new LineSplitter((line) => this.#receive(line), limit);
    transport.onBytes((bytes) => {
      if (!this.#ended && !splitter.push(bytes))
        this.#fail(notQmpError(this.peer, `a line of more than ${limit} bytes`));
    });
  }

  /**
   * Connects, waits for the greeting and negotiates.
   *
   * @throws GoqemuError `connect-failed` when nothing listens there; `qmp-no-greeting` when the monitor is
   *   probably busy with another client; `qmp-garbage` when the peer speaks something else
   */
  static async connect(target: Connectable, options: QmpClientOptions = {}): Promise<QmpClient> {
    const transport = await openTransport(target, options);
    const client = new QmpClient(transport, options);
    try {
      await client.#negotiate(options);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  get greeting(): QmpGreeting {
    if (!this.#greeting) throw internalError('a QMP client was used before its greeting');
    return this.#greeting;
  }

  get version(): QemuVersion {
    return this.greeting.version;
  }

  /** True when out-of-band execution was negotiated. */
  get oob(): boolean {
    return this.#oob;
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
    return this.#send('execute', command, args, options) as Promise<QmpResult<C>>;
  }

  /** The same for a name that goqemu's types do not know. */
  executeUntyped(command: string, args?: object, options?: ExecuteOptions): Promise<unknown> {
    return this.#send('execute', command, args, options);
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
    if (!this.#oob) return Promise.reject(oobUnavailableError(this.peer, command));
    return this.#send('exec-oob', command, args, options) as Promise<QmpResult<C>>;
  }

  /** Runs a command of the human monitor and gives what it printed; errors are in that text. */
  humanMonitor(line: string, options: ExecuteOptions & { readonly cpuIndex?: number } = {}): Promise<string> {
    const { cpuIndex, ...limits } = options;
    const args = { 'command-line': line, ...(cpuIndex === undefined ? {} : { 'cpu-index': cpuIndex }) };
    return this.#send('execute', 'human-monitor-command', args, limits) as Promise<string>;
  }

  /**
   * Starts a job with a command that takes `job-id`, waits for its end and dismisses it.
   *
   * @throws GoqemuError `qmp-job-failed` with QEMU's reason; `timeout` and the signal's reason after cancelling
   * @example
   * await qmp.runJob('snapshot-save', { 'job-id': 's1', tag: 'before', vmstate: 'disk0', devices: ['disk0'] });
   */
  async runJob<C extends JobCommandName>(
    command: C,
    args: QmpArguments<C> & { readonly 'job-id': string },
    options?: RunJobOptions,
  ): Promise<void> {
    await runJob(this, command, args, options);
  }

  /** Runs several actions as one: all of them happen, or none (QEMU qmp reference, “transaction”; since 1.1). */
  async transaction(
    actions: QmpArguments<'transaction'>['actions'],
    options: ExecuteOptions & { readonly properties?: QmpArguments<'transaction'>['properties'] } = {},
  ): Promise<void> {
    const { properties, ...limits } = options;
    await this.#send('execute', 'transaction', { actions, properties }, limits);
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
    await this.#sendDescriptor('getfd', { fdname: name }, descriptor, options);
  }

  /** Adds an open file descriptor to a set (`add-fd`), for use as `/dev/fdset/ID`; it is closed here. */
  async addDescriptor(
    descriptor: number,
    set: QmpArguments<'add-fd'> = {},
    options?: ExecuteOptions,
  ): Promise<QmpResult<'add-fd'>> {
    return (await this.#sendDescriptor('add-fd', set, descriptor, options)) as QmpResult<'add-fd'>;
  }

  /** Calls back for each event of this name, in order, as it is read. */
  on<E extends QmpEventName>(event: E, listener: (event: QmpEvent<E>) => void): Unsubscribe {
    return this.#events.on(event, listener as unknown as (event: AnyQmpEvent) => void);
  }

  /** Calls back for every event. */
  onAny(listener: (event: AnyQmpEvent) => void): Unsubscribe {
    return this.#events.on('*', listener);
  }

  /**
   * Every event from now on, in order. A reader that falls `highWaterMark` events (default 1024) behind holds
   * the connection back while no command and no {@link waitFor} is under way: QEMU then keeps the events.
   * Leave the loop, or call `return()`, to end it.
   */
  events(options: { readonly highWaterMark?: number } = {}): AsyncIterableIterator<AnyQmpEvent> {
    const stream: EventStream<AnyQmpEvent> = new EventStream(
      {
        full: () => this.#regulate(() => this.#fullStreams.add(stream)),
        drained: () => this.#regulate(() => this.#fullStreams.delete(stream)),
        left: () => this.#streams.delete(stream),
      },
      options.highWaterMark ?? 1024,
    );
    if (this.#ended) stream.finish(this.#closing ? undefined : this.#ended);
    else this.#streams.add(stream);
    return stream;
  }

  /**
   * The next event of this name. It subscribes before it returns, so start it before the command that leads to
   * the event, or hand that command over as `trigger`.
   *
   * @example
   * await qmp.waitFor('STOP', { trigger: () => qmp.execute('stop') });
   */
  waitFor<E extends QmpEventName>(event: E, options: WaitForOptions<E> = {}): Promise<QmpEvent<E>> {
    if (this.#ended) return Promise.reject(this.#ended);
    return waitForEvent(
      event,
      { subscribe: (listener) => this.on(event, listener), onEnd: (listener) => this.#onEnd(listener) },
      options,
    );
  }

  /** Ends the connection; what is still pending fails with `qmp-closed`. QEMU goes on running. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#end(qmpClosedError(this.peer));
    await this.#transport.close();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #send(
    verb: 'execute' | 'exec-oob',
    command: string,
    args: object | undefined,
    options: ExecuteOptions | undefined,
    carry?: (text: string) => Promise<void>,
  ): Promise<unknown> {
    return withCallerStack(this.#open(verb, command, args, options, carry), options?.signal);
  }

  #open(
    verb: 'execute' | 'exec-oob',
    command: string,
    args: object | undefined,
    options: ExecuteOptions | undefined,
    carry: ((text: string) => Promise<void>) | undefined,
  ): Promise<unknown> {
    if (this.#ended) return Promise.reject(qmpClosedError(this.peer, command, this.#ended.cause));
    let text: string;
    try {
      text = `{"${verb}":${JSON.stringify(command)}${args ? `,"arguments":${JSON.stringify(args)}` : ''}`;
    } catch (error) {
      return Promise.reject(error); // a BigInt or a cycle in the arguments
    }
    const limits = {
      timeoutMs: options?.timeoutMs ?? commandTimeout(command, this.#timeouts),
      signal: options?.signal,
    };
    const reply = this.#requests.open(command, limits, (id) => {
      const line = id === undefined ? `${text}}\n` : `${text},"id":${id}}\n`;
      return carry ? carry(line) : this.#transport.write(line);
    });
    if (this.#held) this.#regulate();
    return reply;
  }

  /** One after another: QEMU keeps only the descriptor that came last until a command has taken it. */
  #sendDescriptor(
    command: 'getfd' | 'add-fd',
    args: object,
    descriptor: PassedDescriptor,
    options: ExecuteOptions | undefined,
  ): Promise<unknown> {
    const turn = this.#descriptorTurn.then(() => {
      const { sendWithDescriptor } = this.#transport;
      if (!sendWithDescriptor) throw fdPassingUnavailableError('this connection was made without it');
      const carry = (text: string) => sendWithDescriptor.call(this.#transport, text, descriptor);
      return this.#send('execute', command, args, options, carry);
    });
    this.#descriptorTurn = turn.catch(() => undefined);
    return turn;
  }

  async #negotiate(options: QmpClientOptions): Promise<void> {
    if (!this.#greeting) await this.#awaitGreeting(options.greetingTimeoutMs ?? 5_000, options.signal);
    const oob = options.oob === true && this.greeting.capabilities.includes('oob');
    await this.executeUntyped(
      'qmp_capabilities',
      oob ? { enable: ['oob'] } : undefined,
      options.signal ? { signal: options.signal } : {},
    );
    this.#oob = oob;
  }

  #awaitGreeting(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const leave = (settle: () => void) => {
        clearTimeout(timer);
        offEnd();
        signal?.removeEventListener('abort', abort);
        this.#onGreeting = undefined;
        settle();
      };
      const abort = () => leave(() => reject(signal?.reason));
      const timer = setTimeout(() => leave(() => reject(noGreetingError(this.peer, milliseconds))), milliseconds);
      const offEnd = this.#onEnd((error) => leave(() => reject(error)));
      this.#onGreeting = () => leave(resolve);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
    });
  }

  #receive(line: Buffer): void {
    const message = this.#ended ? undefined : parseMessage(line);
    if (message === undefined) return;
    const known = message !== 'garbage' && this.#accept(message);
    if (!known) this.#fail(notQmpError(this.peer, excerpt(line)));
  }

  /** @returns false when the message has no place in the protocol */
  #accept(message: WireMessage): boolean {
    if (typeof message.event === 'string') {
      this.#dispatch(message as unknown as AnyQmpEvent);
      return true;
    }
    const reply = readReply(message);
    if (reply) {
      this.#settle(message.id, reply);
      return true;
    }
    const greeting = readGreeting(message);
    if (!greeting || this.#greeting) return false;
    this.#greeting = greeting;
    this.#onGreeting?.();
    return true;
  }

  #settle(id: unknown, reply: Reply): void {
    if (!this.#requests.settle(id, reply)) {
      this.#logger.log('debug', 'qmp', 'a reply that nobody waits for', { peer: this.peer, id });
    }
    if (this.#fullStreams.size > 0) this.#regulate();
  }

  #dispatch(event: AnyQmpEvent): void {
    this.#events.emit(event.event, event);
    this.#events.emit('*', event);
    for (const stream of this.#streams) stream.push(event);
  }

  /** Holds reading back while a stream is full, but never while somebody waits for what may come. */
  #regulate(change?: () => void): void {
    change?.();
    const hold = this.#fullStreams.size > 0 && this.#requests.size === 0 && this.#endListeners.size === 0;
    if (hold === this.#held) return;
    this.#held = hold;
    if (hold) this.#transport.pause();
    else this.#transport.resume();
  }

  /** Everybody who waits for something registers here, so that the connection is not held back meanwhile. */
  #onEnd(listener: (error: GoqemuError) => void): Unsubscribe {
    this.#regulate(() => this.#endListeners.add(listener));
    return () => this.#regulate(() => this.#endListeners.delete(listener));
  }

  #fail(error: GoqemuError): void {
    this.#end(error);
    void this.#transport.close();
  }

  #end(error: GoqemuError): QmpEnd {
    if (!this.#ended) {
      this.#ended = error;
      this.#requests.rejectAll((command) =>
        error.code === 'qmp-closed' ? qmpClosedError(this.peer, command, error.cause) : qmpBrokenError(command, error),
      );
      for (const listener of [...this.#endListeners]) listener(error);
      for (const stream of this.#streams) stream.finish(this.#closing ? undefined : error);
      this.#streams.clear();
    }
    return this.#closing ? {} : { error: this.#ended };
  }
}
