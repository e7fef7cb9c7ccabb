import { type GoqemuError, type Logger, longestTimerMs, timeoutError } from '@goqemu/core';
import { readReply } from '../channel/reply.ts';
import { LineSplitter } from '../framing/line-splitter.ts';
import { excerpt, parseMessage } from '../framing/message.ts';
import type { Transport } from '../transports/transport.ts';
import { notRespondingError, QgaCommandError, qgaClosedError } from './qga-errors.ts';

/** Not valid in UTF-8, so the agent's parser drops what it held; sent back before the answer to a sync. */
const sentinel = 0xff;

export interface ChannelLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The agent gives no answer when it succeeds (`guest-shutdown`, `guest-suspend-…`). */
  readonly noReply?: boolean;
  /** Takes the reply that comes after the command was given up. */
  readonly onLate?: ((result: unknown) => void) | undefined;
}

type Resolve<T> = (value: T) => void;
type Reject = (error: unknown) => void;

interface Exchange<T> {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onLate?: ((result: unknown) => void) | undefined;
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
  /** Takes the next reply while out of sync: the agent answers in the order of asking. */
  #late: ((result: unknown) => void) | undefined;
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
    const turn = this.#queue.then(async () => {
      limits.signal?.throwIfAborted();
      await this.#resyncWhenLost(limits.signal);
      return this.#command(command, args, limits);
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** @throws GoqemuError `qga-not-responding` */
  sync(signal?: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#resyncWhenLost(signal));
    this.#queue = turn.catch(() => undefined);
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
    this.#syncId += 1;
    const id = this.#syncId;
    await this.#exchangeOnce<void>({
      timeoutMs: this.#syncTimeoutMs,
      signal,
      send: () => {
        this.#transport.write(Buffer.of(sentinel));
        this.#transport.write(`{"execute":"guest-sync-delimited","arguments":{"id":${id}}}\n`);
      },
      accept: (line, resolve) => {
        const mark = line.lastIndexOf(sentinel);
        if (mark < 0) return this.#leftOver(line);
        const message = parseMessage(line.subarray(mark + 1));
        if (typeof message === 'object' && message.return === id) resolve();
      },
      onTimeout: (_resolve, reject) => reject(notRespondingError(this.peer, this.#syncTimeoutMs)),
      onEnd: (_resolve, reject, cause) => reject(qgaClosedError(this.peer, 'guest-sync-delimited', cause)),
    });
    this.#inSync = true;
    this.#late = undefined;
  }

  /** A line of before the sync: the reply to the command that was given up, or what is left of a broken one. */
  #leftOver(line: Buffer): void {
    const message = parseMessage(line);
    const reply = typeof message === 'object' ? readReply(message) : undefined;
    if (!reply || !('return' in reply)) return; // an error may be the parser's, about 0xFF
    const late = this.#late;
    this.#late = undefined;
    late?.(reply.return);
  }

  #command(command: string, args: object | undefined, limits: ChannelLimits): Promise<unknown> {
    const text = `{"execute":${JSON.stringify(command)}${args ? `,"arguments":${JSON.stringify(args)}` : ''}}\n`;
    const { timeoutMs, signal, onLate, noReply = false } = limits;
    return this.#exchangeOnce<unknown>({
      timeoutMs,
      signal,
      onLate,
      send: () => this.#transport.write(text),
      accept: (line, resolve, reject) => {
        const message = parseMessage(line);
        const reply = typeof message === 'object' ? readReply(message) : undefined;
        if (!reply) this.#logger.log('debug', 'qga', 'skipped', { peer: this.peer, line: excerpt(line) });
        else if ('error' in reply) reject(new QgaCommandError(command, reply.error));
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
        if (lost && exchange.onLate) this.#late = exchange.onLate;
        settleIt();
      };
      const abort = () => settle(() => reject(signal?.reason), true);
      const timer = setTimeout(
        () => settle(() => exchange.onTimeout(resolve, reject), true),
        Math.min(timeoutMs, longestTimerMs),
      );
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
    if (this.#underWay) {
      this.#underWay.line(line);
      return;
    }
    if (!this.#inSync) this.#leftOver(line);
    this.#logger.log('debug', 'qga', 'a line that nothing waits for', { peer: this.peer, line: excerpt(line) });
  }

  #end(error: GoqemuError): { error?: GoqemuError } {
    if (!this.#ended) {
      this.#ended = error;
      this.#underWay?.end(error);
    }
    return this.#closing ? {} : { error: this.#ended };
  }
}
