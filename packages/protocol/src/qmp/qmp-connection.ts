import { type GoqemuError, internalError, type Logger, silentLogger } from '@goqemu/core';
import { withCallerStack } from '../channel/caller-stack.ts';
import { PendingRequests } from '../channel/pending-requests.ts';
import { readReply } from '../channel/reply.ts';
import { defaultLineLimit, LineSplitter } from '../framing/line-splitter.ts';
import { excerpt, parseMessage, type WireMessage } from '../framing/message.ts';
import { PrettyLines } from '../framing/pretty-lines.ts';
import { fdPassingUnavailableError } from '../transports/descriptor-passing.ts';
import type { PassedDescriptor, Transport } from '../transports/transport.ts';
import { type CommandTimeouts, commandTimeout, defaultCommandTimeouts } from './command-timeouts.ts';
import type { AnyQmpEvent, ExecuteOptions } from './commands.ts';
import { EventHub } from './event-hub.ts';
import { type QmpGreeting, readGreeting } from './greeting.ts';
import { Liveness } from './liveness.ts';
import {
  noGreetingError,
  notQmpError,
  QmpCommandError,
  qmpBrokenError,
  qmpClosedError,
  silentPeerError,
} from './qmp-errors.ts';
import { versionHint } from './version-hint.ts';

export interface ConnectionOptions {
  readonly timeouts?: Partial<CommandTimeouts>;
  readonly livenessMs?: number;
  readonly maxLineBytes?: number;
  readonly logger?: Logger;
}

export interface NegotiationOptions {
  readonly greetingTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly oob?: boolean;
}

/** A command as it is sent. */
export interface QmpCommand {
  /** `exec-oob` overtakes what the monitor is busy with. @default execute */
  readonly verb?: 'execute' | 'exec-oob';
  readonly command: string;
  readonly args?: object | undefined;
}

/** How a connection ended. */
export interface QmpEnd {
  /** Absent when this client closed it. */
  readonly error?: GoqemuError;
}

/** The major version of QEMU whose monitors read a TLS record of any size to its end, see `connectTlsPsk`. */
const takesWholeRecords = 10;

/** The wire of one monitor: greeting, negotiation, requests and their replies (QEMU docs/interop/qmp-spec). */
export class QmpConnection {
  readonly peer: string;
  readonly closed: Promise<QmpEnd>;
  readonly events: EventHub;
  readonly #transport: Transport;
  readonly #requests: PendingRequests;
  readonly #timeouts: CommandTimeouts;
  readonly #logger: Logger;
  readonly #liveness: Liveness | undefined;
  #greeting: QmpGreeting | undefined;
  #onGreeting: (() => void) | undefined;
  #oob = false;
  #ended: GoqemuError | undefined;
  #closing = false;
  #descriptorTurn: Promise<unknown> = Promise.resolve();

  constructor(transport: Transport, options: ConnectionOptions) {
    this.#transport = transport;
    this.peer = transport.peer;
    this.#timeouts = { ...defaultCommandTimeouts, ...options.timeouts };
    this.#logger = options.logger ?? silentLogger;
    this.#requests = new PendingRequests(
      (command, error) => new QmpCommandError(command, error, versionHint(command, error, this.#greeting?.version)),
    );
    this.events = new EventHub({
      hold: () => transport.pause(),
      release: () => transport.resume(),
      busy: () => this.#requests.size > 0,
    });
    this.closed = transport.closed.then(({ error }) => this.#end(qmpClosedError(this.peer, undefined, error)));
    const limit = options.maxLineBytes ?? defaultLineLimit;
    const lines = new PrettyLines((message) => this.#receive(message), limit);
    const splitter = new LineSplitter((line) => lines.push(line), limit);
    this.#liveness = this.#watchLiveness(options.livenessMs);
    transport.onBytes((bytes) => {
      this.#liveness?.received();
      if (!this.#ended && !splitter.push(bytes))
        this.#fail(notQmpError(this.peer, `a line of more than ${limit} bytes`));
    });
  }

  get greeting(): QmpGreeting {
    if (!this.#greeting) throw internalError('a QMP client was used before its greeting');
    return this.#greeting;
  }

  get oob(): boolean {
    return this.#oob;
  }

  /** Why it has ended; undefined while it lasts. */
  get ended(): GoqemuError | undefined {
    return this.#ended;
  }

  /** Waits for the greeting and answers it. */
  async negotiate(options: NegotiationOptions): Promise<void> {
    const { signal } = options;
    if (!this.#greeting) await this.#awaitGreeting(options.greetingTimeoutMs ?? 5_000, signal);
    const oob = options.oob === true && this.greeting.capabilities.includes('oob');
    const args = oob ? { enable: ['oob'] } : undefined;
    await this.send({ command: 'qmp_capabilities', args }, signal ? { signal } : {});
    this.#oob = oob;
    this.#liveness?.start();
  }

  timeoutOf(command: string): number {
    return commandTimeout(command, this.#timeouts);
  }

  /** Sends a command; its error points at the line that awaits it. */
  send(request: QmpCommand, options?: ExecuteOptions, carry?: (text: string) => Promise<void>): Promise<unknown> {
    return withCallerStack(this.#open(request, options, carry), options?.signal);
  }

  /** One after another: QEMU keeps only the descriptor that came last until a command has taken it. */
  sendDescriptor(
    command: 'getfd' | 'add-fd',
    args: object,
    descriptor: PassedDescriptor,
    options: ExecuteOptions | undefined,
  ): Promise<unknown> {
    const turn = this.#descriptorTurn.then(() => {
      const { sendWithDescriptor } = this.#transport;
      if (!sendWithDescriptor) throw fdPassingUnavailableError('this connection was made without it');
      const carry = (text: string) => sendWithDescriptor.call(this.#transport, text, descriptor);
      return this.send({ command, args }, options, carry);
    });
    this.#descriptorTurn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#end(qmpClosedError(this.peer));
    await this.#transport.close();
    await this.closed;
  }

  #open(
    { verb = 'execute', command, args }: QmpCommand,
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
      timeoutMs: options?.timeoutMs ?? this.timeoutOf(command),
      signal: options?.signal,
    };
    const reply = this.#requests.open(command, limits, (id) => {
      const line = id === undefined ? `${text}}\n` : `${text},"id":${id}}\n`;
      return carry ? carry(line) : this.#transport.write(line);
    });
    this.events.regulate();
    return this.#liveness?.judge(reply, limits.timeoutMs) ?? reply;
  }

  #watchLiveness(silenceMs: number | undefined): Liveness | undefined {
    if (silenceMs === undefined) return undefined;
    return new Liveness(silenceMs, {
      busy: () => this.#requests.size > 0,
      ask: (timeoutMs) => this.send({ command: 'query-version' }, { timeoutMs }),
      dead: (milliseconds) => this.#fail(silentPeerError(this.peer, milliseconds)),
    });
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
      const offEnd = this.events.onEnd((error) => leave(() => reject(error)));
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
      this.events.dispatch(message as unknown as AnyQmpEvent);
      return true;
    }
    const reply = readReply(message);
    if (reply) {
      if (!this.#requests.settle(message.id, reply)) {
        this.#logger.log('debug', 'qmp', 'a reply that nothing waits for', { peer: this.peer, id: message.id });
      }
      this.events.regulate();
      return true;
    }
    const greeting = readGreeting(message);
    if (!greeting || this.#greeting) return false;
    this.#greeting = greeting;
    if (greeting.version.major >= takesWholeRecords) this.#transport.sendWhole?.();
    this.#onGreeting?.();
    return true;
  }

  #fail(error: GoqemuError): void {
    this.#end(error);
    void this.#transport.close();
  }

  #end(error: GoqemuError): QmpEnd {
    if (!this.#ended) {
      this.#ended = error;
      this.#liveness?.stop();
      this.#requests.rejectAll((command) =>
        error.code === 'qmp-closed' ? qmpClosedError(this.peer, command, error.cause) : qmpBrokenError(command, error),
      );
      this.events.finish(error, this.#closing);
    }
    return this.#closing ? {} : { error: this.#ended };
  }
}
