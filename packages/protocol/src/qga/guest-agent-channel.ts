import { type GoqemuError, type Logger, timeoutError } from '@goqemu/core';
import { readReply } from '../channel/reply.ts';
import { LineSplitter } from '../framing/line-splitter.ts';
import { excerpt, parseMessage } from '../framing/message.ts';
import type { Transport } from '../transports/transport.ts';
import { notRespondingError, QgaCommandError, qgaClosedError } from './qga-errors.ts';

/** Not valid in UTF-8, so the agent's parser drops what it held; sent back before the answer to a sync. */
const sentinel = 0xff;

/** What is sent to the agent; `arguments` are left out when it takes none. */
export interface AgentCommand {
  readonly execute: string;
  readonly arguments?: object | undefined;
}

export interface ChannelLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The agent gives no answer when it succeeds (`guest-shutdown`, `guest-suspend-…`). */
  readonly noReply?: boolean;
}

type Resolve<T> = (value: T) => void;
type Reject = (error: unknown) => void;

interface Exchange<T> {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly send: () => void;
  readonly accept: (line: Buffer, resolve: Resolve<T>, reject: Reject) => void;
  readonly onTimeout: (resolve: Resolve<T>, reject: Reject) => void;
  readonly onEnd: (resolve: Resolve<T>, reject: Reject, cause: unknown) => void;
}

interface UnderWay {
  readonly line: (line: Buffer) => void;
  readonly end: (error: GoqemuError) => void;
}

/**
 * One command at a time over the agent's port, in the order of asking. After a command that was given up the
 * stream is in doubt: the next one begins with `guest-sync-delimited` (QEMU qga reference, 7.2), which skips
 * whatever is left of the past.
 */
export class GuestAgentChannel {
  readonly peer: string;
  readonly #transport: Transport;
  readonly #syncTimeoutMs: number;
  readonly #logger: Logger;
  readonly closed: Promise<{ error?: GoqemuError }>;
  #queue: Promise<unknown> = Promise.resolve();
  #underWay: UnderWay | undefined;
  #inSync = false;
  #syncId = Math.floor(Math.random() * 2 ** 30);
  #ended: GoqemuError | undefined;
  #closing = false;

  constructor(transport: Transport, syncTimeoutMs: number, lineLimit: number, logger: Logger) {
    this.#transport = transport;
    this.peer = transport.peer;
    this.#syncTimeoutMs = syncTimeoutMs;
    this.#logger = logger;
    this.closed = transport.closed.then(({ error }) => this.#end(qgaClosedError(this.peer, undefined, error)));
    const splitter = new LineSplitter((line) => this.#receive(line), lineLimit);
    transport.onBytes((bytes) => {
      // A line beyond the limit is skipped like any other garbage: the next sync finds the way back.
      if (!splitter.push(bytes)) this.#inSync = false;
    });
  }

  /** True when the next command needs no resync first. */
  get inSync(): boolean {
    return this.#inSync;
  }

  /** Resyncs when it must, then runs the command. */
  request(command: string, args: object | undefined, limits: ChannelLimits): Promise<unknown> {
    return this.#inTurn(async () => {
      limits.signal?.throwIfAborted();
      await this.#resyncWhenLost(limits.signal);
      return this.#command(command, args, limits);
    });
  }

  /**
   * Sends several commands at once, after a sync where one is due: the agent carries them out one after another,
   * whatever comes of those before.
   *
   * @returns the answers, when all have come
   */
  requestTogether(commands: readonly AgentCommand[], limits: ChannelLimits): Promise<readonly unknown[]> {
    return this.#inTurn(async () => {
      limits.signal?.throwIfAborted();
      return this.#together(commands, limits);
    });
  }

  /** @throws GoqemuError `qga-not-responding` */
  sync(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#resyncWhenLost(signal));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined); // the one who asked is told
    return turn;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#end(qgaClosedError(this.peer));
    await this.#transport.close();
    await this.closed;
  }

  async #resyncWhenLost(signal: AbortSignal | undefined): Promise<void> {
    if (this.#inSync) return;
    const sync = this.#newSync();
    await this.#exchangeOnce<void>({
      timeoutMs: this.#syncTimeoutMs,
      signal,
      send: () => this.#transport.write(sync.bytes),
      accept: (line, resolve) => {
        if (sync.isAnsweredBy(line)) resolve();
      },
      onTimeout: (_resolve, reject) => reject(notRespondingError(this.peer, this.#syncTimeoutMs)),
      onEnd: (_resolve, reject, cause) => reject(qgaClosedError(this.peer, 'guest-sync-delimited', cause)),
    });
    this.#inSync = true;
  }

  /** A `guest-sync-delimited` with an id of its own; what comes before its answer is left over from before. */
  #newSync(): { readonly bytes: Buffer; readonly isAnsweredBy: (line: Buffer) => boolean } {
    this.#syncId += 1;
    const id = this.#syncId;
    const command = format({ execute: 'guest-sync-delimited', arguments: { id } });
    return {
      bytes: Buffer.concat([Buffer.of(sentinel), Buffer.from(command)]),
      isAnsweredBy: (line) => {
        const mark = line.lastIndexOf(sentinel);
        const message = mark < 0 ? undefined : parseMessage(line.subarray(mark + 1));
        return typeof message === 'object' && message.return === id;
      },
    };
  }

  #together(commands: readonly AgentCommand[], { timeoutMs, signal }: ChannelLimits): Promise<readonly unknown[]> {
    let sync = this.#inSync ? undefined : this.#newSync();
    const bytes = [...(sync ? [sync.bytes] : []), ...commands.map((command) => Buffer.from(format(command)))];
    const names = commands.map(({ execute }) => execute).join(', ');
    const answers: unknown[] = [];
    let refused: QgaCommandError | undefined;
    return this.#exchangeOnce<readonly unknown[]>({
      timeoutMs,
      signal,
      send: () => this.#transport.write(Buffer.concat(bytes)),
      accept: (line, resolve, reject) => {
        if (sync) {
          if (!sync.isAnsweredBy(line)) return;
          sync = undefined;
          this.#inSync = true;
          return;
        }
        const reply = this.#replyIn(line);
        if (!reply) return;
        if ('error' in reply) refused ??= new QgaCommandError(commands[answers.length]?.execute ?? names, reply.error);
        answers.push('error' in reply ? undefined : reply.return);
        if (answers.length < commands.length) return;
        if (refused) reject(refused);
        else resolve(answers);
      },
      onTimeout: (_resolve, reject) =>
        reject(sync ? notRespondingError(this.peer, timeoutMs) : timeoutError(names, timeoutMs)),
      onEnd: (_resolve, reject, cause) => reject(qgaClosedError(this.peer, names, cause)),
    });
  }

  #replyIn(line: Buffer) {
    const message = parseMessage(line);
    const reply = typeof message === 'object' ? readReply(message) : undefined;
    if (!reply) this.#logger.log('debug', 'qga', 'skipped', { peer: this.peer, line: excerpt(line) });
    return reply;
  }

  #command(command: string, args: object | undefined, limits: ChannelLimits): Promise<unknown> {
    const text = format({ execute: command, arguments: args });
    const { timeoutMs, signal, noReply = false } = limits;
    return this.#exchangeOnce<unknown>({
      timeoutMs,
      signal,
      send: () => this.#transport.write(text),
      accept: (line, resolve, reject) => {
        const reply = this.#replyIn(line);
        if (!reply) return;
        if ('error' in reply) reject(new QgaCommandError(command, reply.error));
        else resolve(reply.return);
      },
      onTimeout: (resolve, reject) => (noReply ? resolve(undefined) : reject(timeoutError(command, timeoutMs))),
      onEnd: (resolve, reject, cause) =>
        noReply ? resolve(undefined) : reject(qgaClosedError(this.peer, command, cause)),
    });
  }

  /** Settles by a line that `accept` takes, the time-out, the signal or the end; all but the first lose the sync. */
  #exchangeOnce<T>(exchange: Exchange<T>): Promise<T> {
    if (this.#ended) return Promise.reject(qgaClosedError(this.peer, undefined, this.#ended.cause));
    const { signal, timeoutMs } = exchange;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#underWay = undefined;
      };
      const settle = (settleIt: () => void, lost: boolean) => {
        leave();
        if (lost) this.#inSync = false;
        settleIt();
      };
      const abort = () => settle(() => reject(signal?.reason), true);
      const timer = setTimeout(() => settle(() => exchange.onTimeout(resolve, reject), true), timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      this.#underWay = {
        line: (line) =>
          exchange.accept(
            line,
            (value) => settle(() => resolve(value), false),
            (error) => settle(() => reject(error), false),
          ),
        end: (error) => settle(() => exchange.onEnd(resolve, reject, error.cause), true),
      };
      if (signal?.aborted) return abort();
      exchange.send();
    });
  }

  #receive(line: Buffer): void {
    if (this.#underWay) this.#underWay.line(line);
    else this.#logger.log('debug', 'qga', 'a line that nobody waits for', { peer: this.peer, line: excerpt(line) });
  }

  #end(error: GoqemuError): { error?: GoqemuError } {
    if (!this.#ended) {
      this.#ended = error;
      this.#underWay?.end(error);
    }
    return this.#closing ? {} : { error: this.#ended };
  }
}

function format(command: AgentCommand): string {
  return `${JSON.stringify(command)}\n`;
}
