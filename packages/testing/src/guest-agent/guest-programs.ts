import { AgentError } from './agent-error.ts';

/** How a program of the fake guest was started. */
export interface ProgramCall {
  readonly path: string;
  readonly args: readonly string[];
  readonly input: Buffer;
  readonly env: Readonly<Record<string, string>>;
}

/** How it ended. */
export interface ProgramEnd {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly stdout?: string | Buffer;
  readonly stderr?: string | Buffer;
}

/** A program of a fake guest: what it returns is how it ends. */
export type Program = (call: ProgramCall) => ProgramEnd | Promise<ProgramEnd>;

/** The agent keeps no more output than this of each stream. */
const outputLimit = 16 * 2 ** 20;

interface Process {
  readonly capture: boolean;
  end: ProgramEnd | undefined;
}

/** The programs of a fake guest and what became of those that were started. */
export class GuestPrograms {
  readonly programs = new Map<string, Program>();
  readonly #processes = new Map<number, Process>();
  #nextPid = 2000;

  start(call: ProgramCall, capture: boolean): { pid: number } {
    const program = this.programs.get(call.path);
    if (!program) {
      throw new AgentError(
        `Guest agent command failed, error was 'Failed to execute child process “${call.path}” (No such file or directory)'`,
      );
    }
    this.#nextPid += 1;
    const process: Process = { capture, end: undefined };
    this.#processes.set(this.#nextPid, process);
    // Not in this turn: a real program has not ended when guest-exec returns.
    setImmediate(async () => {
      process.end = await program(call);
    });
    return { pid: this.#nextPid };
  }

  /** The end is reported once; after that the pid is unknown. */
  status(pid: number): object {
    const process = this.#processes.get(pid);
    if (!process) throw new AgentError("Invalid parameter 'pid'");
    if (!process.end) return { exited: false };
    this.#processes.delete(pid);
    const { exitCode, signal, stdout, stderr } = process.end;
    return {
      exited: true,
      ...(signal === undefined ? { exitcode: exitCode ?? 0 } : { signal }),
      ...(process.capture ? { ...output('out', stdout), ...output('err', stderr) } : {}),
    };
  }
}

/** Empty output is left out. */
function output(name: 'out' | 'err', content: string | Buffer | undefined): object {
  const bytes = Buffer.from((content ?? '') as string);
  if (bytes.length === 0) return {};
  const kept = bytes.subarray(0, outputLimit).toString('base64');
  return { [`${name}-data`]: kept, ...(bytes.length > outputLimit ? { [`${name}-truncated`]: true } : {}) };
}
