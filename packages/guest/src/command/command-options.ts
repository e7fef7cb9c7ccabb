/** A shell script, or an argv whose words are quoted one by one. */
export type Command = string | readonly string[];

/** What a command reads on its standard input. */
export type CommandInput = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** A terminal's size in characters, and its type (default `xterm-256color`). */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
  readonly term?: string;
}

export interface CommandOptions {
  /** Runs as this user of the guest, through sudo without a password; default: the session's user. */
  readonly user?: string;
  /** Exported before the command; never in an argv, so not in the guest's process list (except with `pty`). */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the home folder of the user. */
  readonly workingDirectory?: string;
  /** Runs a script: a program and its arguments that takes a file, such as `bash -e` or `['python3', '-u']`; default `/bin/sh`. */
  readonly interpreter?: Command;
  /** Standard input. Default: empty. */
  readonly input?: CommandInput;
  /** How long the command may run once it is sent, in milliseconds; default 10 minutes, `Infinity` for no limit. */
  readonly timeoutMs?: number;
  /** Ends the command in the guest, too. */
  readonly signal?: AbortSignal;
  /** Gives it a terminal: stdout and stderr become one, lines end in CR LF. */
  readonly pty?: boolean | TerminalSize;
  /** Called when there is a connection for it and it is sent to the guest; again when it is repeated. */
  readonly onSent?: () => void;
  /** Output as it comes, in bytes. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** May be run again from the start when the connection breaks while it runs. */
  readonly repeatable?: boolean;
  /** How much of each output the result keeps, in bytes, from the end; default 16 MiB. */
  readonly maxOutputBytes?: number;
  /** What to call the command in errors and logs instead of its text, which may hold a secret. */
  readonly label?: string;
}

/** What a command printed, and how it ended. */
export interface CommandResult {
  /** The command as text; an argv quoted. */
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** Without `SIG`: `TERM`, `KILL`, … (RFC 4254 §6.10). */
  readonly signal: string | null;
  readonly durationMs: number;
  /** True when the beginning of an output is missing because it was longer than `maxOutputBytes`. */
  readonly truncated: boolean;
}
