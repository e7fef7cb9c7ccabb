import { formatDuration, GoqemuError, withDeadline } from '@goqemu/core';
import { type CommandResult, type GuestSession, waitFor } from '@goqemu/guest';
import type { VmStep } from './vm-step.ts';

export interface StepCall {
  readonly signal?: AbortSignal;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** How much of a script's output its result keeps: captured values are short. */
const keptBytes = 2 ** 20;
/** Lines of output that an error shows. */
const shownLines = 20;

/**
 * Carries out one step in a guest.
 *
 * @throws GoqemuError `step-failed` with the command, its exit code and the end of its output; `timeout`; and what
 * the session throws
 */
export async function runStep(
  session: GuestSession,
  machine: string,
  step: VmStep,
  call: StepCall,
): Promise<{ readonly stdout: string; readonly durationMs: number }> {
  const begun = performance.now();
  const stdout = await withDeadline(`step ${machine}/${step.name}`, step.timeoutMs, call.signal, (signal) =>
    carryOut(session, machine, step, { ...call, signal }),
  );
  return { stdout, durationMs: performance.now() - begun };
}

async function carryOut(
  session: GuestSession,
  machine: string,
  step: VmStep,
  call: StepCall & { signal: AbortSignal },
): Promise<string> {
  const { signal } = call;
  switch (step.kind) {
    case 'run': {
      const result = await runScript(session, step, call);
      if (result.exitCode !== 0) throw failed(machine, step, result);
      return result.stdout;
    }
    case 'upload':
      await session.upload(step.source, step.destination, {
        asRoot: step.user === 'root',
        ...(step.mode === undefined ? {} : { mode: step.mode }),
        ...(step.owner === undefined ? {} : { owner: step.owner }),
        signal,
      });
      return '';
    case 'file':
      await session.writeFile(step.path, step.contents, { mode: step.mode, owner: step.owner, signal });
      return '';
    case 'waitFor':
      await waitFor(session, step.condition, {
        timeoutMs: step.timeoutMs,
        signal,
        onReason: (reason) => call.onOutput?.('stdout', `${reason}\n`),
      });
      return '';
  }
}

function runScript(
  session: GuestSession,
  step: VmStep & { kind: 'run' },
  call: StepCall & { signal: AbortSignal },
): Promise<CommandResult> {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const hear = (stream: 'stdout' | 'stderr') => (chunk: Buffer) =>
    call.onOutput?.(stream, decoders[stream].decode(chunk, { stream: true }));
  return session.exec(step.script, {
    user: step.user,
    environment: step.environment,
    interpreter: [step.interpreter],
    label: `step ${step.name}`,
    timeoutMs: Number.POSITIVE_INFINITY, // the deadline around the step has the name
    maxOutputBytes: keptBytes,
    onStdout: hear('stdout'),
    onStderr: hear('stderr'),
    signal: call.signal,
    ...(step.workingDirectory === undefined ? {} : { workingDirectory: step.workingDirectory }),
  });
}

function failed(machine: string, step: VmStep & { kind: 'run' }, result: CommandResult): GoqemuError {
  const how = result.exitCode === null ? `signal ${result.signal}` : `exit code ${result.exitCode}`;
  const output = lastLines(`${result.stdout}${result.stderr}`);
  return new GoqemuError({
    code: 'step-failed',
    source: 'user',
    subject: `${machine}/${step.name}`,
    message: `step "${step.name}" of ${machine} ended with ${how} after ${formatDuration(result.durationMs)}`,
    detail: output ? `the end of its output:\n${output}` : 'it wrote no output',
    data: { command: step.script, exitCode: result.exitCode, signal: result.signal, output },
  });
}

function lastLines(text: string): string {
  return text.trimEnd().split(/\r?\n/).slice(-shownLines).join('\n');
}
