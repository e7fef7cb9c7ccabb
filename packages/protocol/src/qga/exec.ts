import { formatDuration, GoqemuError, sleep } from '@goqemu/core';
import type { AgentEnvironment } from './agent-environment.ts';
import { ExecStatus } from './exec-status.ts';
import type { AgentExecOptions, AgentExecResult, GuestAgent, QgaResult } from './guest-agent.ts';

const defaultTimeoutMs = 60_000;
/** Milliseconds between looks: short at first, for the many programs that end at once. */
const firstPauseMs = 3;
const pauseGrowth = 1.25;
const longestPauseMs = 250;

/** `guest-exec` and `guest-exec-status` (QEMU Guest Agent Protocol Reference; since 2.5). */
export async function execInGuest(
  agent: GuestAgent,
  options: AgentExecOptions,
  environment: AgentEnvironment,
): Promise<AgentExecResult> {
  const { path, timeoutMs = defaultTimeoutMs, signal } = options;
  const deadline = Date.now() + timeoutMs;
  const pid = await startInGuest(agent, options, environment);
  return await untilExited(agent, pid, {
    path,
    timeoutMs: Math.max(0, deadline - Date.now()),
    ...(signal ? { signal } : {}),
  });
}

/** Waits for a program that `guest-exec` has started; its result is handed out once. */
export async function untilExited(
  agent: GuestAgent,
  pid: number,
  options: Pick<AgentExecOptions, 'path' | 'timeoutMs' | 'signal'>,
): Promise<AgentExecResult> {
  const { path, timeoutMs = defaultTimeoutMs, signal } = options;
  const deadline = Date.now() + timeoutMs;
  const program = new ExecStatus(agent, path, pid);
  for (let pause = firstPauseMs; ; pause = Math.min(pause * pauseGrowth, longestPauseMs)) {
    const status = await program.look(deadline - Date.now(), signal);
    if (status?.exited) return resultOf(status, pid);
    if (Date.now() >= deadline) throw execTimeoutError(path, pid, timeoutMs);
    await sleep(Math.max(1, Math.min(pause, deadline - Date.now())), signal);
  }
}

/** Starts a program and gives its pid. */
export async function startInGuest(
  agent: GuestAgent,
  options: AgentExecOptions,
  environment: AgentEnvironment,
): Promise<number> {
  const { path, args = [], input, env, capture = true, signal } = options;
  const limits = signal ? { signal } : {};
  const { pid } = await agent.execute(
    'guest-exec',
    {
      path,
      arg: [...args],
      ...(env ? { env: await environment.with(env, limits) } : {}),
      ...(input === undefined ? {} : { 'input-data': base64(input) }),
      'capture-output': capture,
    },
    limits,
  );
  return pid;
}

function resultOf(status: QgaResult<'guest-exec-status'>, pid: number): AgentExecResult {
  const stdoutBytes = Buffer.from(status['out-data'] ?? '', 'base64');
  const stderrBytes = Buffer.from(status['err-data'] ?? '', 'base64');
  return {
    exitCode: status.exitcode,
    signal: status.signal,
    stdout: stdoutBytes.toString('utf8'),
    stderr: stderrBytes.toString('utf8'),
    stdoutBytes,
    stderrBytes,
    truncated: isCut(stdoutBytes, status['out-truncated']) || isCut(stderrBytes, status['err-truncated']),
    pid,
  };
}

/** GUEST_EXEC_MAX_OUTPUT of qemu-ga. */
const greatestOutputBytes = 16 * 2 ** 20;

/**
 * What the agent says is not enough: qemu-ga 7.2 always says it, and rightly; 10.0 leaves it out, and says `false` for
 * output that it has cut. A stream that has reached the limit counts as cut unless the agent says nothing.
 */
function isCut(bytes: Buffer, said: boolean | undefined): boolean {
  return said === true || (said === false && bytes.length >= greatestOutputBytes);
}

function base64(input: string | Uint8Array): string {
  return (typeof input === 'string' ? Buffer.from(input, 'utf8') : Buffer.from(input)).toString('base64');
}

export function execTimeoutError(path: string, pid: number, timeoutMs: number): GoqemuError {
  return new GoqemuError({
    code: 'qga-exec-timeout',
    source: 'environment',
    subject: path,
    message: `${path} still runs in the guest after ${formatDuration(timeoutMs)}, as process ${pid}`,
    hint: 'raise timeoutMs, or end the process in the guest',
    data: { path, pid, timeoutMs },
  });
}
