import { type GoqemuError, hasErrorCode, type Logger, silentLogger } from '@goqemu/core';
import { withCallerStack } from '../channel/caller-stack.ts';
import { defaultLineLimit } from '../framing/line-splitter.ts';
import { versionTable } from '../generated/qga-versions.ts';
import type { ExecuteParameters } from '../qmp/commands.ts';
import { type Connectable, openTransport } from '../transports/address.ts';
import { AgentEnvironment } from './agent-environment.ts';
import { execInGuest, untilExited } from './exec.ts';
import {
  copyFileFromGuest,
  copyFileToGuest,
  type FileTransferOptions,
  type GuestFileSource,
  readGuestFile,
  type WriteFileOptions,
  writeGuestFile,
} from './files.ts';
import { type FreezeOptions, freezeAround } from './freeze.ts';
import type {
  AgentExecOptions,
  AgentExecResult,
  QgaArguments,
  QgaCommandName,
  QgaExecuteOptions,
  QgaResult,
} from './guest-agent.ts';
import { GuestAgentChannel } from './guest-agent-channel.ts';
import { setGuestTime } from './set-time.ts';
import { execStreamingInGuest, type StreamedExecOptions, type StreamedExecResult } from './streamed-exec.ts';

/** Limits of a connection to a guest agent. */
export interface GuestAgentClientOptions {
  /** Milliseconds for the connection to be made; default 5000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for the agent to answer a resync; default 5000. */
  readonly syncTimeoutMs?: number;
  /** Milliseconds for a command; default 30 000. */
  readonly timeoutMs?: number;
  /** How often a command that only asks is sent again after a time-out; default 1. */
  readonly retries?: number;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
  /** Greatest length of one message in bytes; default 256 MiB. */
  readonly maxLineBytes?: number;
  readonly logger?: Logger;
}

/** Commands that answer only when they fail, such as `guest-shutdown`. */
const silentCommands = new Set(versionTable.silent);

/** Asking twice changes nothing. Not `guest-exec-status`, which hands a result out once. */
const idempotent = /^guest-(?:ping|info|get-\w[\w-]*|network-get-\w[\w-]*|fsfreeze-status|set-time)$/;

/**
 * A client of the QEMU Guest Agent (QEMU docs/interop/qemu-ga-ref). Commands run one after another; on connect
 * and after each time-out it resyncs with 0xFF and `guest-sync-delimited`.
 *
 * @example
 * await using agent = await GuestAgentClient.connect({ path: '/run/vm/qga.sock' });
 * const { stdout } = await agent.exec({ path: 'uname', args: ['-r'] });
 */
export class GuestAgentClient implements AsyncDisposable {
  /** Whom it speaks to, for messages. */
  readonly peer: string;
  /** Resolves when the connection has ended; never rejects. Without `error` when this client closed it. */
  readonly closed: Promise<{ readonly error?: GoqemuError }>;
  /** Milliseconds that a command gets without a `timeoutMs` of its own. */
  readonly timeoutMs: number;
  readonly #channel: GuestAgentChannel;
  readonly #environment: AgentEnvironment;
  readonly #retries: number;

  private constructor(channel: GuestAgentChannel, options: GuestAgentClientOptions) {
    this.#channel = channel;
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.#environment = new AgentEnvironment(this);
    this.#retries = options.retries ?? 1;
    this.peer = channel.peer;
    this.closed = channel.closed;
  }

  /** False when an answer to a command that was given up may still come. */
  get inSync(): boolean {
    return this.#channel.inSync;
  }

  /**
   * Connects and syncs.
   *
   * @throws GoqemuError `connect-failed`; `qga-not-responding` when no agent answers
   */
  static async connect(target: Connectable, options: GuestAgentClientOptions = {}): Promise<GuestAgentClient> {
    const transport = await openTransport(target, options);
    const channel = new GuestAgentChannel(
      transport,
      options.syncTimeoutMs ?? 5_000,
      options.maxLineBytes ?? defaultLineLimit,
      options.logger ?? silentLogger,
    );
    try {
      await channel.sync(options.signal);
      return new GuestAgentClient(channel, options);
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  /**
   * Runs an agent command and gives what it returns.
   *
   * @throws QgaCommandError when the agent refuses; GoqemuError `timeout`, `qga-closed`, `qga-not-responding`
   */
  execute<C extends QgaCommandName>(
    command: C,
    ...[args, options]: ExecuteParameters<QgaArguments<C>, QgaExecuteOptions>
  ): Promise<QgaResult<C>> {
    return this.#send(command, args, options) as Promise<QgaResult<C>>;
  }

  /** The same for a name that goqemu's types do not know. */
  executeUntyped(command: string, args?: object, options?: QgaExecuteOptions): Promise<unknown> {
    return this.#send(command, args, options);
  }

  /** Resolves when the agent answers. */
  async ping(options?: QgaExecuteOptions): Promise<void> {
    await this.execute('guest-ping', undefined, options);
  }

  /**
   * Runs a program in the guest, waits for its end and gives its output. A program that fails is a result, not
   * an error. An answer that is late or lost does not lose the result while the agent still has it.
   *
   * @throws QgaCommandError when it cannot be started; GoqemuError `qga-exec-timeout` with the pid that still runs;
   *   `qga-result-lost` and `qga-closed` with the pid; `qga-environment-unknown` and `qga-env-invalid` for `env`
   */
  exec(options: AgentExecOptions): Promise<AgentExecResult> {
    return execInGuest(this, options, this.#environment);
  }

  /**
   * Waits for the end of a program that was started before, by `guest-exec` over this connection or an earlier one.
   *
   * @param options `path` is what it is called in an error
   * @throws QgaCommandError when the agent knows no such program; GoqemuError `qga-exec-timeout`
   */
  waitForExec(pid: number, options: Pick<AgentExecOptions, 'path' | 'timeoutMs' | 'signal'>): Promise<AgentExecResult> {
    return untilExited(this, pid, options);
  }

  /**
   * The same with the output handed on while the program runs, however long it is. The agent itself keeps output
   * until the end, so this goes through a temporary folder of the guest; it needs a POSIX shell and mktemp there.
   */
  execStreaming(options: StreamedExecOptions): Promise<StreamedExecResult> {
    return execStreamingInGuest(this, options, this.#environment);
  }

  /** A whole file; for large ones see {@link copyFrom}. */
  readFile(path: string, options?: FileTransferOptions): Promise<Buffer> {
    return readGuestFile(this, path, options);
  }

  /**
   * Creates or replaces a file, or appends to it. Not atomic: the agent knows no rename. The guest's file is not
   * touched before the first piece of `content` is there.
   */
  writeFile(path: string, content: GuestFileSource, options?: WriteFileOptions): Promise<void> {
    return writeGuestFile(this, path, content, options);
  }

  /**
   * Copies a file of the guest to one of the host, of any size. The file of the host appears whole, or stays as it was.
   *
   * @throws QgaCommandError when the guest's file cannot be read; GoqemuError `local-file-failed`
   */
  copyFrom(guestPath: string, hostPath: string, options?: FileTransferOptions): Promise<void> {
    return copyFileFromGuest(this, guestPath, hostPath, options);
  }

  /**
   * Copies a file of the host to one of the guest, of any size. The guest's file is not touched before the first bytes
   * have been read.
   *
   * @throws GoqemuError `local-file-failed` when the host's file cannot be read; QgaCommandError
   */
  copyTo(hostPath: string, guestPath: string, options?: FileTransferOptions): Promise<void> {
    return copyFileToGuest(this, hostPath, guestPath, options);
  }

  /**
   * Freezes the guest's filesystems, runs `work`, and thaws them whatever happens: when `work` fails, when the
   * freeze itself is in doubt, and after `maxMs` even while `work` is still running.
   */
  fsFreeze<T>(work: (frozen: number) => Promise<T>, options?: FreezeOptions): Promise<T> {
    return freezeAround(this, work, options);
  }

  /**
   * Sets the guest's clock, by default to the host's; a guest that was restored from a checkpoint needs it. Done by date(1),
   * to the millisecond where it takes fractions; where the guest has none, by `guest-set-time`, which needs hwclock(8).
   *
   * @throws QgaCommandError, GoqemuError `timeout`, `qga-closed`, `qga-not-responding`
   */
  setTime(time?: Date, options?: QgaExecuteOptions): Promise<void> {
    return setGuestTime(this, time, options);
  }

  networkInterfaces(options?: QgaExecuteOptions): Promise<QgaResult<'guest-network-get-interfaces'>> {
    return this.execute('guest-network-get-interfaces', undefined, options);
  }

  osInfo(options?: QgaExecuteOptions): Promise<QgaResult<'guest-get-osinfo'>> {
    return this.execute('guest-get-osinfo', undefined, options);
  }

  hostName(options?: QgaExecuteOptions): Promise<string> {
    return this.execute('guest-get-host-name', undefined, options).then((reply) => reply['host-name']);
  }

  users(options?: QgaExecuteOptions): Promise<QgaResult<'guest-get-users'>> {
    return this.execute('guest-get-users', undefined, options);
  }

  /** @param password in clear; with `crypted`, as crypt(3) made it */
  async setPassword(
    username: string,
    password: string,
    options: QgaExecuteOptions & { readonly crypted?: boolean } = {},
  ): Promise<void> {
    const args = { username, password: Buffer.from(password).toString('base64'), crypted: options.crypted ?? false };
    await this.execute('guest-set-user-password', args, options);
  }

  /**
   * Asks the guest to go down. The agent answers only when it refuses, so this resolves after `timeoutMs`
   * (default 2000) of silence, or when the connection ends; wait for the machine to learn more.
   */
  async shutdown(mode: 'powerdown' | 'halt' | 'reboot' = 'powerdown', options: QgaExecuteOptions = {}): Promise<void> {
    await this.execute('guest-shutdown', { mode }, { timeoutMs: 2_000, ...options });
  }

  /** Ends the connection; programs that were started in the guest keep running. */
  close(): Promise<void> {
    return this.#channel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #send(command: string, args: object | undefined, options: QgaExecuteOptions | undefined): Promise<unknown> {
    return withCallerStack(this.#attempt(command, args, options), options?.signal);
  }

  async #attempt(command: string, args: object | undefined, options: QgaExecuteOptions | undefined): Promise<unknown> {
    const limits = {
      timeoutMs: options?.timeoutMs ?? this.timeoutMs,
      signal: options?.signal,
      noReply: silentCommands.has(command),
      onLate: options?.onLateResult,
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#channel.request(command, args, limits);
      } catch (error) {
        if (attempt > this.#retries || !idempotent.test(command) || !hasErrorCode(error, 'timeout')) throw error;
      }
    }
  }
}
