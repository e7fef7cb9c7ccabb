import { type GoqemuError, hasErrorCode } from '@goqemu/core';
import {
  assertSucceeded,
  type Command,
  type CommandResult,
  type CommandStream,
  commandText,
  type InteractiveShell,
  type ReverseTunnelOptions,
  type ShellOptions,
  type Tunnel,
  type TunnelOptions,
} from '@goqemu/guest';
import type { OperationOptions } from '../operation-options.ts';
import { MachineScreen } from '../screen/machine-screen.ts';
import type { ExecOptions, ExecResult, StreamOptions } from './command-options.ts';
import type { Guest } from './guest.ts';
import type { GuestAccess } from './guest-access.ts';
import type { GuestAddress } from './guest-address.ts';
import { readCommandOptions } from './read-command-options.ts';
import { relayStream } from './relay-stream.ts';
import { type DownloadFileOptions, readTransferOptions, type UploadFileOptions } from './transfer-options.ts';

/** A guest that is reached over the session of its machine: what {@link QemuVM} and {@link LabMachine} are both. */
export class SessionGuest implements Guest {
  readonly screen: MachineScreen;
  readonly #access: GuestAccess;

  /** @internal */
  constructor(access: GuestAccess) {
    this.#access = access;
    this.screen = new MachineScreen(access.screen);
  }

  async exec(command: Command, options?: ExecOptions): Promise<ExecResult> {
    const { logger, title, commandMs } = this.#access;
    const { options: read, check } = readCommandOptions('exec', command, options, commandMs);
    const what = nameOf(command, options);
    const result = await this.#access.use(what, (session) => session.exec(command, read), options?.signal);
    logger.log('info', 'sdk', options?.label ?? 'a command has ended', {
      vm: title,
      exitCode: result.exitCode,
      durationMs: result.durationMs,
    });
    const error = failureOf(result, options?.label);
    if (error && check) throw error;
    return error ? { ...result, error } : result;
  }

  stream(command: Command, options?: StreamOptions): CommandStream {
    const { options: read } = readCommandOptions('stream', command, options, Number.POSITIVE_INFINITY);
    const opening = this.#access.use(
      nameOf(command, options),
      async (session, explain) => ({ stream: session.stream(command, read), explain }),
      options?.signal,
    );
    return relayStream(commandText(command), opening);
  }

  shell(options: ShellOptions = {}): Promise<InteractiveShell> {
    return this.#access.use('a terminal', (session) => session.shell(options), options.signal);
  }

  async upload(source: string, destination: string, options?: UploadFileOptions): Promise<void> {
    const read = readTransferOptions('upload', options);
    await this.#access.use(
      `upload of ${source}`,
      (session) => session.upload(source, destination, read),
      options?.signal,
    );
  }

  async download(source: string, destination: string, options?: DownloadFileOptions): Promise<void> {
    const read = readTransferOptions('download', options);
    await this.#access.use(
      `download of ${source}`,
      (session) => session.download(source, destination, read),
      options?.signal,
    );
  }

  tunnel(guestPort: number, options: TunnelOptions = {}): Promise<Tunnel> {
    return this.#access.use('a tunnel', (session) => session.tunnel(guestPort, options), options.signal);
  }

  reverseTunnel(hostPort: number, options: ReverseTunnelOptions = {}): Promise<Tunnel> {
    return this.#access.use('a reverse tunnel', (session) => session.reverseTunnel(hostPort, options), options.signal);
  }

  ip({ signal }: OperationOptions = {}): Promise<GuestAddress> {
    return this.#access.address(signal);
  }

  /** Alias of {@link Guest.exec}. */
  sendCommand(command: Command, options?: ExecOptions): Promise<ExecResult> {
    return this.exec(command, options);
  }
}

function nameOf(command: Command, options: StreamOptions | undefined): string {
  return `command ${JSON.stringify(options?.label ?? command)}`;
}

function failureOf(result: CommandResult, label: string | undefined): GoqemuError | undefined {
  try {
    assertSucceeded(result, label);
    return undefined;
  } catch (error) {
    if (hasErrorCode(error, 'command-failed')) return error;
    throw error;
  }
}
