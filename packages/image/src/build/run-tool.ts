import { GoqemuError, type Logger, silentLogger, systemErrorCode, withDeadline } from '@goqemu/core';

export interface ToolRun {
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger | undefined;
  /** Milliseconds; 10 min unless said otherwise. */
  readonly timeoutMs?: number;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with the process's id, which is its group's too. */
  readonly onStart?: (pid: number) => Promise<void>;
  /** Called with each line that the tool writes to its error output. */
  readonly onLine?: (line: string) => void;
}

const defaultTimeoutMs = 600_000;
const graceMs = 5000;
const sbin = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The environment for tools: many lie in sbin, which is not on the search path of an ordinary user. */
export function toolPath(path: string | undefined): string {
  const folders = (path ?? '/usr/local/bin:/usr/bin:/bin').split(':').filter(Boolean);
  return [...folders, ...sbin.filter((folder) => !folders.includes(folder))].join(':');
}

/**
 * Runs a host tool to its end and gives its output. A signal ends it with SIGTERM, and after 5 s with SIGKILL.
 *
 * @throws GoqemuError `tool-failed` with the command, its exit code and its last lines; `timeout`; the signal's reason
 */
export async function runTool(command: string, args: readonly string[], options: ToolRun = {}): Promise<string> {
  options.signal?.throwIfAborted();
  const { execa } = await import('execa');
  const logger = options.logger ?? silentLogger;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  logger.log('debug', 'image', `run ${command}`, { args });
  const child = execa(command, args, {
    reject: false,
    // A group of its own, for mmdebstrap waits for its own children when it alone is signalled to end.
    detached: true,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { LC_ALL: 'C', PATH: toolPath(process.env.PATH), ...options.env },
    maxBuffer: 16 * 2 ** 20,
  });
  const work = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => endGroup(child.pid, child), { once: true });
    if (child.pid !== undefined) await options.onStart?.(child.pid);
    if (options.onLine) for await (const line of child.iterable({ from: 'stderr' })) options.onLine(String(line));
    return await child;
  };
  let result: Awaited<ReturnType<typeof work>>;
  try {
    result = await withDeadline(command, timeoutMs, options.signal, work);
  } finally {
    await child; // nothing of it still runs when this function has returned
  }
  if (!result.failed) return result.stdout;
  throw new GoqemuError({
    code: 'tool-failed',
    source: 'environment',
    subject: command,
    message: `${command} ${result.exitCode === undefined ? `could not run: ${result.shortMessage}` : `failed with exit code ${result.exitCode}`}`,
    detail: [`command: ${[command, ...args].join(' ')}`, lastLines(result.stderr) || lastLines(result.stdout)].join(
      '\n',
    ),
    data: { command, exitCode: result.exitCode ?? null },
  });
}

/** SIGTERM to the whole group, and SIGKILL to what is left of it after 5 s. */
function endGroup(pid: number | undefined, ended: Promise<unknown>): void {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  const stop = () => clearTimeout(timer);
  ended.then(stop, stop);
}

/** Signals a process group; one that has ended is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-15).join('\n');
}
