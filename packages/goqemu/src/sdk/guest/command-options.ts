import type { Duration, GoqemuError } from '@goqemu/core';
import type { CommandInput, CommandResult, TerminalSize } from '@goqemu/guest';

/** Who runs a command: the VM's user, root by `sudo`, or another user. */
export type RunAs =
  | { readonly sudo?: boolean; readonly user?: never }
  | { readonly sudo?: never; readonly user?: string };

/** What {@link Guest.exec} and {@link Guest.stream} have in common. */
export interface CommandSettings {
  /** Environment variables, exported before the command. @default none @example { LANG: 'C' } */
  readonly environment?: Readonly<Record<string, string>>;
  /** Folder that it runs in. @default the home folder of the user @example '/srv/app' */
  readonly workingDirectory?: string;
  /** Standard input: a text, bytes, or an async iterable of them. @default empty @example 'yes\n' */
  readonly input?: CommandInput;
  /** Gives it a terminal, of 80 × 24 by default: stdout and stderr become one, lines end in CR LF. @default false @example { columns: 120, rows: 40 } */
  readonly pty?: boolean | TerminalSize;
  /**
   * How long it may run once it is sent: a duration with its unit, or milliseconds; `Infinity` for no limit.
   *
   * @default '10 min' for `exec`, or `timeouts.command` of the VM; no limit for `stream`
   * @example '90 s'
   */
  readonly timeout?: Duration;
  /** Ends it, in the guest too. @default none @example AbortSignal.timeout(5000) */
  readonly signal?: AbortSignal;
  /** What to call it in errors and logs instead of its text, which may hold a secret. @default its text @example 'log in' */
  readonly label?: string;
}

/** Options of {@link Guest.stream}. */
export type StreamOptions = CommandSettings & RunAs;

/** Options of {@link Guest.exec}. */
export type ExecOptions = StreamOptions & {
  /** May be run again from its start when the connection breaks while it runs. @default false @example true */
  readonly repeatable?: boolean;
  /** Rejects with `command-failed` unless it ends with 0. @default false @example true */
  readonly check?: boolean;
  /** Receives standard output as it comes. @default none */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Receives standard error as it comes. @default none */
  readonly onStderr?: (chunk: Buffer) => void;
  /** Bytes of each output that the result keeps, from the end. @default 16_777_216 @example 65_536 */
  readonly maxOutputBytes?: number;
};

/** How a command ended. */
export interface ExecResult extends CommandResult {
  /** `command-failed` when it did not end with exit code 0. */
  readonly error?: GoqemuError;
}
