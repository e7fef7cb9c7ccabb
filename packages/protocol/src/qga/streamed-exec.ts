import { GoqemuError, orUndone, sleep, withCleanUp } from '@goqemu/core';
import type { AgentEnvironment } from './agent-environment.ts';
import { execTimeoutError, startInGuest } from './exec.ts';
import { ExecStatus } from './exec-status.ts';
import type { AgentExecOptions, AgentExecResult, GuestAgent } from './guest-agent.ts';
import { withGuestFile } from './guest-file.ts';

/** A program that the guest agent starts and whose output is read while it runs. */
export interface StreamedExecOptions extends Omit<AgentExecOptions, 'capture'> {
  /** Called with each piece of standard output, in order. */
  readonly onStdout?: (bytes: Buffer) => void;
  readonly onStderr?: (bytes: Buffer) => void;
  /** Milliseconds between looks at the output; default 100. */
  readonly intervalMs?: number;
}

/** How a program whose output was streamed has ended. */
export type StreamedExecResult = Pick<AgentExecResult, 'exitCode' | 'signal' | 'pid'>;

/** Makes the folder and both files, so that they can be opened before the program runs. */
const prepare = 'd=$(mktemp -d) && : >"$d/out" && : >"$d/err" && printf %s "$d"';
const redirect = 'd=$1; shift; exec "$@" >>"$d/out" 2>>"$d/err"';
const chunkBytes = 64 * 1024;

export async function execStreamingInGuest(
  agent: GuestAgent,
  options: StreamedExecOptions,
  environment: AgentEnvironment,
): Promise<StreamedExecResult> {
  const { signal } = options;
  const remove = (folder: string) => agent.exec({ path: 'rm', args: ['-rf', '--', folder] });
  const folder = await orUndone({
    name: 'making a folder in the guest for the output',
    timeoutMs: Number.POSITIVE_INFINITY, // that of exec counts
    signal,
    change: () => prepareFolder(agent),
    undo: remove,
    graceMs: 2_000,
  });
  const stream = (name: string) => ({ path: `${folder}/${name}`, mode: 'rb', signal });
  return withCleanUp(
    () =>
      withGuestFile(agent, stream('out'), (out) =>
        withGuestFile(agent, stream('err'), (err) => follow(agent, { folder, out, err, environment }, options)),
      ),
    () => remove(folder),
  );
}

async function prepareFolder(agent: GuestAgent): Promise<string> {
  const made = await agent.exec({ path: 'sh', args: ['-c', prepare] });
  if (made.exitCode === 0) return made.stdout;
  throw new GoqemuError({
    code: 'qga-exec-no-folder',
    source: 'environment',
    subject: agent.peer,
    message: 'the guest has no temporary folder for the output of the program',
    detail: made.stderr,
    hint: 'is its disk full? Without a shell and mktemp in the guest, use exec, which hands the output over at the end',
  });
}

interface Streams {
  readonly folder: string;
  readonly out: number;
  readonly err: number;
  readonly environment: AgentEnvironment;
}

async function follow(
  agent: GuestAgent,
  { folder, out, err, environment }: Streams,
  options: StreamedExecOptions,
): Promise<StreamedExecResult> {
  const { path, args = [], timeoutMs = 60_000, signal, intervalMs = 100 } = options;
  const limits = signal ? { signal } : {};
  const deadline = Date.now() + timeoutMs;
  const start = { ...options, path: 'sh', args: ['-c', redirect, 'sh', folder, path, ...args], capture: false };
  const pid = await startInGuest(agent, start, environment);
  const program = new ExecStatus(agent, path, pid);
  for (;;) {
    // Asked before reading: what was written before the end is then read to the end.
    const status = await program.look(deadline - Date.now(), signal);
    const read =
      (await drain(agent, out, options.onStdout, limits)) + (await drain(agent, err, options.onStderr, limits));
    if (status?.exited) return { exitCode: status.exitcode, signal: status.signal, pid };
    if (Date.now() >= deadline) throw execTimeoutError(path, pid, timeoutMs);
    if (read === 0) await sleep(Math.max(1, Math.min(intervalMs, deadline - Date.now())), signal);
  }
}

/** Hands on what the file holds beyond the last look. */
async function drain(
  agent: GuestAgent,
  handle: number,
  onBytes: ((bytes: Buffer) => void) | undefined,
  limits: { signal?: AbortSignal },
): Promise<number> {
  for (let total = 0; ; ) {
    const { count, 'buf-b64': text } = await agent.execute('guest-file-read', { handle, count: chunkBytes }, limits);
    if (count === 0) return total;
    total += count;
    onBytes?.(Buffer.from(text, 'base64'));
  }
}
