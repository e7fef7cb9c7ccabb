import type { ExecuteParameters } from '../qmp/commands.ts';
import type { QgaCommands } from './schema-types.ts';

/** Name of a command of the guest agent. */
export type QgaCommandName = keyof QgaCommands & string;
/** Arguments of a command of the guest agent. */
export type QgaArguments<C extends QgaCommandName> = QgaCommands[C]['arguments'];
/** What a command of the guest agent returns. */
export type QgaResult<C extends QgaCommandName> = QgaCommands[C]['returns'];

/** How long a command of the guest agent may take, and when to give it up. */
export interface QgaExecuteOptions {
  /** Milliseconds until the command counts as lost; default that of the client. */
  readonly timeoutMs?: number;
  /** Gives the command up; the guest may still carry it out. */
  readonly signal?: AbortSignal;
  /** Called with the result when it arrives after the command was given up, before anything else is answered. */
  readonly onLateResult?: (result: unknown) => void;
}

/** A program that the guest agent starts, and how long it may take. */
export interface AgentExecOptions {
  /** The program: a path, or a name that the agent's PATH finds. No shell is involved. */
  readonly path: string;
  readonly args?: readonly string[];
  /** What the program reads from its standard input; default: nothing. */
  readonly input?: string | Uint8Array;
  /** Added to the environment of the agent, which a program has without it; a name that is there is replaced. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keep the output; default true. */
  readonly capture?: boolean;
  /** Milliseconds until the program counts as stuck; default 60 000. It is not killed. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How a program that the guest agent started has ended. */
export interface AgentExecResult {
  /** Undefined when a signal ended the program. */
  readonly exitCode: number | undefined;
  /** The number of the signal; on Windows the code of the unhandled exception. */
  readonly signal: number | undefined;
  /** As UTF-8; empty without `capture`. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
  readonly stderrBytes: Buffer;
  /**
   * True when the agent cut the output, at 16 MiB each. An agent before 10.0 that kept just 16 MiB leaves it open: that
   * counts as cut.
   */
  readonly truncated: boolean;
  readonly pid: number;
}

/** What a client's verbs for programs, files and freezes are made of, one file each. */
export interface GuestAgent {
  readonly peer: string;
  readonly timeoutMs: number;
  execute<C extends QgaCommandName>(
    command: C,
    ...parameters: ExecuteParameters<QgaArguments<C>, QgaExecuteOptions>
  ): Promise<QgaResult<C>>;
  exec(options: AgentExecOptions): Promise<AgentExecResult>;
}
