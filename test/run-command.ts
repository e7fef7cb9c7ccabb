import { spawn } from 'node:child_process';

export interface CommandRun {
  readonly code: number | null;
  /** What ended it, when it did not end by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** One that is undefined is taken out of the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Called with the process while it runs. */
  readonly onSpawn?: (pid: number) => unknown;
  /** Called with each piece of its standard output. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a program to its end and gathers what it writes. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: RunOptions & { readonly cwd?: string } = {},
): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    if (child.pid !== undefined) options.onSpawn?.(child.pid);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin?.end(options.input);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
