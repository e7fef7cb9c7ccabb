import type { Duration, GoqemuError } from '@goqemu/core';
import type { CommandInput, CommandResult, TerminalSize } from '@goqemu/guest';

/** Who runs a command: the VM's user, root by `sudo`, or another user. */
export type RunAs =
  | { readonly sudo?: boolean; readonly user?: never }
  | { readonly sudo?: never; readonly user?: string };

export interface CommandSettings {
  /** Exported before the command. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the home folder of the user. */
  readonly workingDirectory?: string;
  /** Standard input; empty unless given. */
  readonly input?: CommandInput;
  /** Gives it a terminal: stdout and stderr become one, lines end in CR LF. */
  readonly pty?: boolean | TerminalSize;
  /** How long it may run; default `timeouts.command`. */
  readonly timeout?: Duration;
  /** Ends it, in the guest too. */
  readonly signal?: AbortSignal;
  /** What to call it in errors and logs instead of its text, which may hold a secret. */
  readonly label?: string;
}

/** Options of {@link Guest.stream}. */
export type StreamOptions = CommandSettings & RunAs;

/** Options of {@link Guest.exec}. */
export type ExecOptions = StreamOptions & {
  /** May be run again from its start when the connection breaks while it runs. */
  readonly repeatable?: boolean;
  /** Rejects with `command-failed` unless it ends with 0. */
  readonly check?: boolean;
  /** Output as it comes. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** How much of each output the result keeps, in bytes, from the end; default 16 MiB. */
  readonly maxOutputBytes?: number;
};

/** How a command ended. */
export interface ExecResult extends CommandResult {
  /** `command-failed` when it did not end with exit code 0. */
  readonly error?: GoqemuError;
}
