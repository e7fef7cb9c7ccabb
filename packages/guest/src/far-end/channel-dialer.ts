import { hasErrorCode, type Logger, orAborted } from '@goqemu/core';
import { FarEndConnection } from './far-end-connection.ts';
import { greet } from './greet.ts';
import { PortLine, type PortTransport } from './port-line.ts';

/**
 * Opens the port at which goqemu's program in the guest listens; the program is started where it is not there.
 *
 * @throws GoqemuError `far-end-absent` where there can be none, or another process of this host is at the port
 */
export type OpenChannel = (signal: AbortSignal) => Promise<PortTransport>;

/** Milliseconds for an answer of a program that was just seen to listen. */
const answerMs = 5_000;
/** Milliseconds that an idle port is kept: other processes of this host use SSH meanwhile. */
const keptMs = 1_000;
/** Milliseconds that SSH is used without another look, after a port whose guest did not answer. */
const restMs = 60_000;

/** The session's share of the port: opened for a command, given back a moment after the last one. */
export class ChannelDialer {
  readonly #open: OpenChannel;
  readonly #user: string;
  readonly #logger: Logger;
  readonly #closing: AbortSignal;
  #standing: FarEndConnection | undefined;
  #opening: Promise<FarEndConnection | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #restUntil = 0;

  constructor(open: OpenChannel, user: string, logger: Logger, closing: AbortSignal) {
    this.#open = open;
    this.#user = user;
    this.#logger = logger;
    this.#closing = closing;
  }

  /** Undefined where commands have to go by SSH. */
  async connection(signal: AbortSignal | undefined): Promise<FarEndConnection | undefined> {
    clearTimeout(this.#timer);
    if (this.#standing?.brokenBecause === undefined && this.#standing) return this.#standing;
    if (performance.now() < this.#restUntil) return undefined;
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return orAborted(this.#opening, signal);
  }

  /** Gives the port back, for its other uses. @returns false while a command runs over it */
  async release(): Promise<boolean> {
    await this.#opening;
    if (this.#standing && !this.#standing.isIdle) return false;
    await this.#leave('the port was given back');
    return true;
  }

  /** Whatever runs over it is lost. */
  drop(reason: string): void {
    void this.#leave(reason);
    this.#restUntil = 0;
  }

  /** Resolves when the port is free. */
  async settled(): Promise<void> {
    await this.#opening;
    await this.#leave('the session was closed');
  }

  async #leave(reason: string): Promise<void> {
    clearTimeout(this.#timer);
    const standing = this.#standing;
    this.#standing = undefined;
    standing?.close(reason);
    await standing?.released();
  }

  async #connect(): Promise<FarEndConnection | undefined> {
    try {
      const line = new PortLine(await this.#open(this.#closing));
      const greeting = await greet(line, 'frames', answerMs, this.#closing).catch(async (error: unknown) => {
        await line.close();
        throw error;
      });
      if (!greeting) {
        await line.close();
        return this.#rest('the guest did not answer');
      }
      const connection = new FarEndConnection(line, greeting.tag, { user: this.#user });
      connection.onIdle(() => this.#keep());
      this.#standing = connection;
      this.#keep();
      return connection;
    } catch (error) {
      this.#closing.throwIfAborted();
      if (hasErrorCode(error, 'far-end-absent')) {
        this.#logger.log('debug', 'ssh', 'no channel into the guest', { reason: error.message });
        return undefined;
      }
      return this.#rest(error instanceof Error ? error.message : String(error));
    }
  }

  #rest(reason: string): undefined {
    this.#logger.log('warn', 'ssh', 'the channel into the guest cannot be used', { reason });
    this.#restUntil = performance.now() + restMs;
  }

  #keep(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#standing?.isIdle) void this.#leave('it was not used');
    }, keptMs);
    this.#timer.unref();
  }
}
