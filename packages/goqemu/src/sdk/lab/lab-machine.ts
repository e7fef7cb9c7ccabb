import { hasErrorCode } from '@goqemu/core';
import { assertSucceeded, type Command, type GuestSession } from '@goqemu/guest';
import type { FoundMachine } from '@goqemu/lab';
import type { SendCommandOptions, SentCommand } from '../vm/command/command-options.ts';
import { readCommandOptions } from '../vm/command/read-command-options.ts';
import {
  type DownloadFileOptions,
  readTransferOptions,
  type UploadFileOptions,
} from '../vm/transfer/transfer-options.ts';

/** Milliseconds that a command may run unless its options say otherwise. */
const commandMs = 10 * 60_000;

/** A machine of a lab, for commands and files. It needs not be there before its first use. */
export class LabMachine {
  readonly name: string;
  readonly #find: () => Promise<FoundMachine>;
  readonly #session: () => Promise<GuestSession>;

  /** @internal */
  constructor(name: string, find: () => Promise<FoundMachine>, session: () => Promise<GuestSession>) {
    this.name = name;
    this.#find = find;
    this.#session = session;
  }

  /**
   * Ports of 127.0.0.1 by the names of `forward`; in a fork they are its own.
   *
   * @throws GoqemuError `machine-unknown`
   */
  async forwards(): Promise<Readonly<Record<string, number>>> {
    const { spec } = await this.#find();
    return Object.fromEntries(Object.entries(spec.forwards).map(([name, { host }]) => [name, host]));
  }

  /**
   * Runs a command as the machine's user and waits for its end; an exit code other than 0 is a result, with its `error`.
   *
   * @param command a shell script, or a list of words, which are quoted one by one
   * @throws GoqemuError `machine-unknown`, `connection-lost`, `timeout`; `command-failed` with `check`
   */
  async sendCommand(command: Command, options?: SendCommandOptions): Promise<SentCommand> {
    const { options: read, check } = readCommandOptions(command, options, commandMs);
    const result = await (await this.#session()).exec(command, read);
    try {
      assertSucceeded(result, options?.label);
      return result;
    } catch (error) {
      if (check || !hasErrorCode(error, 'command-failed')) throw error;
      return { ...result, error };
    }
  }

  /** Copies a file or a folder into the guest; each file appears whole or not at all. */
  async upload(source: string, destination: string, options?: UploadFileOptions): Promise<void> {
    const read = readTransferOptions('upload', options);
    await (await this.#session()).upload(source, destination, read);
  }

  /** Copies a file or a folder out of the guest; each file appears whole or not at all. */
  async download(source: string, destination: string, options?: DownloadFileOptions): Promise<void> {
    const read = readTransferOptions('download', options);
    await (await this.#session()).download(source, destination, read);
  }
}
