import { setMaxListeners } from 'node:events';
import { anySignal, hasErrorCode, type Logger, silentLogger } from '@goqemu/core';
import type { Command, CommandOptions, CommandResult } from '../command/command-options.ts';
import { type CommandStream, openCommandStream } from '../command/command-stream.ts';
import { OutputTail } from '../command/output-tail.ts';
import { commandByItsUser, commandText, plainCommand, remoteCommand } from '../command/remote-command.ts';
import { type Flow, runCommand } from '../command/run-command.ts';
import { ChannelDialer, type OpenChannel } from '../far-end/channel-dialer.ts';
import { type InteractiveShell, openInteractiveShell, type ShellOptions } from '../shell/interactive-shell.ts';
import { type DownloadOptions, download } from '../transfer/download.ts';
import { type UploadOptions, upload } from '../transfer/upload.ts';
import { type WriteFileOptions, writeGuestFile } from '../transfer/write-file.ts';
import {
  openReverseTunnel,
  openTunnel,
  type ReverseTunnelOptions,
  type Tunnel,
  type TunnelOptions,
} from '../tunnel/tunnel.ts';
import { NotBegun } from './channel.ts';
import type { CommandConnection } from './command-connection.ts';
import type { Connection } from './connection.ts';
import { type ConnectOptions, Dialer, type DialerOptions } from './dialer.ts';
import type { SshEndpoint } from './endpoint.ts';
import type { SessionAccess } from './session-access.ts';
import { connectFailed, sessionClosed } from './session-errors.ts';
import { Slots } from './slots.ts';

export interface GuestSessionOptions extends SshEndpoint, DialerOptions {
  /** Default: silent. */
  readonly logger?: Logger;
  /** Commands, shells and transfers at once; default 8. OpenSSH allows 10 per connection (MaxSessions) and two are for ending others. */
  readonly maxChannels?: number;
  /**
   * A way for commands that needs no handshake, used where it is there; terminals, files and tunnels take SSH.
   *
   * @default none: all goes by SSH
   */
  readonly channel?: OpenChannel;
}

const defaultTimeoutMs = 10 * 60_000;
/** A guest that drops every connection at once must not be tried for ever. */
const maxAttempts = 10;
const defaultOutputBytes = 16 * 2 ** 20;

/**
 * Commands, files and tunnels to one guest over one SSH connection, which is made when first needed and again
 * after it has broken.
 *
 * @example
 * await using session = new GuestSession({ host: '127.0.0.1', port: 2222, user: 'debian', privateKey, hostKey });
 * const { stdout } = await session.exec('uname -r');
 */
export class GuestSession implements SessionAccess, AsyncDisposable {
  readonly endpoint: SshEndpoint;
  readonly logger: Logger;
  readonly #slots: Slots;
  readonly #closing = new AbortController();
  readonly #dialer: Dialer;
  readonly #channel: ChannelDialer | undefined;

  constructor(options: GuestSessionOptions) {
    const { host, port, user, privateKey, hostKey, open } = options;
    this.endpoint = { host, port, user, privateKey, hostKey, ...(open ? { open } : {}) };
    this.logger = options.logger ?? silentLogger;
    this.#slots = new Slots(options.maxChannels ?? 8);
    setMaxListeners(0, this.#closing.signal); // every waiting command listens
    this.#dialer = new Dialer(this.endpoint, options, this.logger, this.#closing.signal);
    this.#channel = options.channel && new ChannelDialer(options.channel, user, this.logger, this.#closing.signal);
  }

  get user(): string {
    return this.endpoint.user;
  }

  /** True while a connection stands. */
  get isConnected(): boolean {
    return this.#dialer.standing !== undefined;
  }

  /**
   * Makes sure that a connection stands. Not needed before a command; it is there for a time-out and progress of its own.
   *
   * @throws GoqemuError `host-key-mismatch`, `authentication-failed`, `timeout` with the last attempt's reason, `session-closed`
   */
  async connect(options: ConnectOptions = {}): Promise<void> {
    await this.connection(options);
  }

  /** The connection that stands, or a new one. For what is built on a session. */
  connection(options: ConnectOptions = {}): Promise<Connection> {
    return this.#dialer.connection(options);
  }

  /**
   * Does something with the connection that stands, or with the next ones while it breaks before that has begun
   * (`NotBegun`).
   */
  withConnection<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#onConnection(() => this.connection(signal ? { signal } : {}), work);
  }

  async #onConnection<C extends CommandConnection, T>(
    connect: () => Promise<C>,
    work: (connection: C) => Promise<T>,
    repeatable = false,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = await connect();
      try {
        return await work(connection);
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        const lost = repeatable && hasErrorCode(error, 'connection-lost');
        if (!(error instanceof NotBegun) && !lost) throw error;
        if (attempt === maxAttempts) throw lost ? error : connectFailed(this.endpoint, error.message, error);
        // A connection that fails while it is used may take a moment to notice that it is broken.
        if (connection.brokenBecause === undefined) connection.close('a channel broke');
        this.logger.log('debug', 'ssh', 'reconnecting', { reason: connection.brokenBecause });
      }
    }
  }

  /** As `withConnection`, with one of the connection's places for commands, shells and transfers, in turn. */
  withSlot<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#inTurn(signal, (stop) => this.withConnection(stop, work));
  }

  async #inTurn<T>(signal: AbortSignal | undefined, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const stop = anySignal(signal, this.#closing.signal);
    using _slot = await this.#slots.take(stop);
    return await work(stop);
  }

  /**
   * Runs a command and waits for its end. Any number may be asked for at once: they run side by side on one connection
   * as far as the guest's sshd allows, the others wait in turn. A command that was not yet sent when the connection
   * broke is kept and sent over the next one. An exit code other than 0 is a result, not an error.
   *
   * @throws GoqemuError `connection-lost` when the connection broke while it ran (unless `repeatable`), `timeout` after
   * ending it in the guest, `privilege-denied`, `sudo-missing`, and those of `connect`
   */
  async exec(command: Command, options: CommandOptions = {}): Promise<CommandResult> {
    const text = commandText(command);
    const limit = options.maxOutputBytes ?? defaultOutputBytes;
    let outputs = { stdout: new OutputTail(limit), stderr: new OutputTail(limit) };
    const begun = performance.now();
    const ending = await this.#run(command, options, {
      onStart() {
        outputs = { stdout: new OutputTail(limit), stderr: new OutputTail(limit) };
      },
      onOutput(stream, chunk) {
        outputs[stream].push(chunk);
        (stream === 'stdout' ? options.onStdout : options.onStderr)?.(chunk);
      },
    });
    return {
      command: text,
      stdout: outputs.stdout.text(),
      stderr: outputs.stderr.text(),
      ...ending,
      durationMs: Math.round(performance.now() - begun),
      truncated: outputs.stdout.truncated || outputs.stderr.truncated,
    };
  }

  /** Runs a command and hands its output out piece by piece, holding the guest back while nothing reads it. */
  stream(
    command: Command,
    options: Omit<CommandOptions, 'onStdout' | 'onStderr' | 'repeatable' | 'maxOutputBytes'> = {},
  ): CommandStream {
    return openCommandStream(
      commandText(command),
      (signal, sink) => this.#run(command, { timeoutMs: Number.POSITIVE_INFINITY, ...options, signal }, sink),
      options.signal,
    );
  }

  /** A shell, or one program, on a terminal of the guest, for a person. */
  shell(options: ShellOptions = {}): Promise<InteractiveShell> {
    return openInteractiveShell(this, options);
  }

  /** Copies a file or a folder into the guest. */
  upload(source: string, destination: string, options: UploadOptions = {}): Promise<void> {
    return upload(this, source, destination, options);
  }

  /** Copies a file or a folder out of the guest. */
  download(source: string, destination: string, options: DownloadOptions = {}): Promise<void> {
    return download(this, source, destination, options);
  }

  /** Writes a file in the guest: whole, or not at all. */
  writeFile(path: string, contents: string | Uint8Array, options: WriteFileOptions = {}): Promise<void> {
    return writeGuestFile(this, path, contents, options);
  }

  /** Opens a port of this host, on loopback, that is forwarded to a port of the guest. */
  tunnel(guestPort: number, options: TunnelOptions = {}): Promise<Tunnel> {
    return openTunnel(this, guestPort, options);
  }

  /** Opens a port in the guest, on its loopback, that is forwarded to a port of this host. */
  reverseTunnel(hostPort: number, options: ReverseTunnelOptions = {}): Promise<Tunnel> {
    return openReverseTunnel(this, hostPort, options);
  }

  /** Drops the connection but not the session: for a guest that was restored or restarted. Commands in flight fail. */
  reset(reason = 'the guest was restarted'): void {
    this.#dialer.drop(reason);
    this.#channel?.drop(reason);
  }

  /**
   * Has the program that takes commands in the guest, where it can be there, so that it need not be started for the next
   * one: also in a guest that is cut now, and restored. Never fails: without it commands go by SSH.
   */
  async openChannel(signal?: AbortSignal): Promise<void> {
    const stop = anySignal(signal, this.#closing.signal);
    await this.#channel?.connection(stop);
  }

  /**
   * Leaves the port of goqemu's own to another user of this process, until the next command.
   *
   * @returns false while a command runs over it
   */
  async releaseChannel(): Promise<boolean> {
    return (await this.#channel?.release()) ?? true;
  }

  /** Ends the session and all that runs over it. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(sessionClosed(this.endpoint));
    this.reset('the session was closed');
    await Promise.all([this.#dialer.settled(), this.#channel?.settled().catch(() => undefined)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The program in the guest has no terminals. */
  async #wayOf({ pty }: CommandOptions, signal: AbortSignal): Promise<CommandConnection> {
    return (pty ? undefined : await this.#channel?.connection(signal)) ?? this.connection({ signal });
  }

  async #run(
    command: Command,
    options: CommandOptions,
    sink: {
      onStart?(): void;
      onFlow?(flow: Flow): void;
      onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void;
    },
  ) {
    const remote = plainCommand(command, options, this.user) ?? remoteCommand(command, options, this.user);
    const ofItsUser = remote.elevated ? commandByItsUser(command, options, this.user) : remote;
    const what = options.label ?? `command ${JSON.stringify(shorten(commandText(command)))}`;
    const begun = performance.now();
    const start = (connection: CommandConnection) => {
      sink.onStart?.();
      options.onSent?.();
      return runCommand(connection, this.endpoint, {
        what,
        remote: connection.becomesUsers ? ofItsUser : remote,
        input: options.input,
        terminal: options.pty === true ? { columns: 80, rows: 24 } : options.pty || undefined,
        timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
        signal: options.signal,
        logger: this.logger,
        onOutput: sink.onOutput,
        ...(sink.onFlow ? { onFlow: sink.onFlow } : {}),
      });
    };
    const ending = await this.#inTurn(options.signal, (stop) =>
      this.#onConnection(() => this.#wayOf(options, stop), start, options.repeatable),
    );
    this.logger.log('debug', 'ssh', 'command ended', {
      command: options.label ?? 'unnamed',
      exitCode: ending.exitCode,
      durationMs: Math.round(performance.now() - begun),
    });
    return ending;
  }
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
