import { formatDuration, GoqemuError, hasErrorCode, withDeadline } from '@goqemu/core';
import { type CommandResult, describeCondition, type GuestSession, waitFor } from '@goqemu/guest';
import { findReboot } from '../guest/find-reboot.ts';
import { explainReboot, rebootGuest } from './reboot.ts';
import type { StepCall, StepGuest } from './step-guest.ts';
import type { VmStep } from './vm-step.ts';

/** How much of a script's output its result keeps, in bytes, unless the step says otherwise: captured values are short. */
const defaultMaxBytes = 2 ** 20;
/** Characters of the newest output that are kept for an error. */
const keptForErrors = 8192;
/** Lines of output that an error shows. */
const shownLines = 20;

/**
 * Carries out one step in a guest.
 *
 * @throws GoqemuError `step-failed` with the command, its exit code and the end of its output; `timeout`;
 * `guest-rebooted`; `reboot-timed-out`; `capture-too-large`; and what the session throws
 */
export async function runStep(
  guest: StepGuest,
  step: VmStep,
  call: StepCall,
): Promise<{ readonly stdout: string; readonly durationMs: number }> {
  const { machine, session } = guest;
  const begun = performance.now();
  const seen: Seen = { output: '', isSent: false, reason: undefined };
  try {
    const stdout = await withDeadline(`step ${machine}/${step.name}`, step.timeoutMs, call.signal, (signal) =>
      carryOut(guest, step, { ...call, signal }, seen),
    );
    return { stdout, durationMs: performance.now() - begun };
  } catch (error) {
    call.signal?.throwIfAborted();
    if (step.kind === 'reboot') throw await explainReboot(guest, step, seen, error);
    if (hasErrorCode(error, 'timeout')) throw tookTooLong(machine, step, seen, error);
    if (!mayBeReboot(error)) throw error;
    const [subject, when] = [`${machine}/${step.name}`, `while step "${step.name}" ran`];
    throw await findReboot(session, { machine, subject, when, begun, error, signal: call.signal });
  }
}

/** What a step has shown so far: its end is quoted when it takes too long. */
interface Seen {
  output: string;
  /** Whether its script was sent to the guest: a guest that is short of processor time may take long to be reached. */
  isSent: boolean;
  /** Why a condition does not hold, or what is awaited. */
  reason: string | undefined;
}

async function carryOut(
  guest: StepGuest,
  step: VmStep,
  call: StepCall & { signal: AbortSignal },
  seen: Seen,
): Promise<string> {
  const { machine, session } = guest;
  const { signal } = call;
  switch (step.kind) {
    case 'run': {
      const result = await runScript(session, step, call, seen);
      if (result.exitCode !== 0) throw failed(machine, step, result);
      const limit = step.maxBytes ?? defaultMaxBytes;
      if (step.capture && Buffer.byteLength(result.stdout) > limit) throw captureTooLarge(machine, step, limit);
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
        onReason: (reason) => {
          seen.reason = reason;
          call.onOutput?.('stdout', `${reason}\n`);
        },
      });
      return '';
    case 'reboot':
      await rebootGuest(guest, step, call, seen);
      return '';
  }
}

function runScript(
  session: GuestSession,
  step: VmStep & { kind: 'run' },
  call: StepCall & { signal: AbortSignal },
  seen: Seen,
): Promise<CommandResult> {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
    const text = decoders[stream].decode(chunk, { stream: true });
    seen.output = (seen.output + text).slice(-keptForErrors);
    call.onOutput?.(stream, text);
  };
  return session.exec(step.script, {
    user: step.user,
    environment: step.environment,
    interpreter: [step.interpreter],
    label: `step ${step.name}`,
    timeoutMs: Number.POSITIVE_INFINITY, // the deadline around the step has the name
    maxOutputBytes: (step.maxBytes ?? defaultMaxBytes) + 1, // one more tells that there was more
    onSent: () => {
      seen.isSent = true;
    },
    onStdout: take('stdout'),
    onStderr: take('stderr'),
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

/** The outer deadline knows the length alone; this says what was waited for, and what was seen. */
function tookTooLong(machine: string, step: VmStep, seen: Seen, cause: unknown): GoqemuError {
  const output = lastLines(seen.output);
  const [what, why] =
    step.kind === 'waitFor'
      ? [`waited for ${describeCondition(step.condition)}`, `last seen: ${seen.reason ?? 'no answer from the guest'}`]
      : [
          step.kind !== 'run'
            ? `it was a step of kind ${step.kind}`
            : seen.isSent
              ? 'its command still ran and was ended'
              : 'its command was not sent, as the guest was not reached',
          output ? `the end of its output:\n${output}` : 'it wrote no output',
        ];
  return new GoqemuError({
    code: 'timeout',
    source: 'environment',
    subject: `${machine}/${step.name}`,
    message: `step "${step.name}" of ${machine} did not finish within ${formatDuration(step.timeoutMs)}: ${what}`,
    detail: why,
    hint: 'give the step more time with { timeout }, or correct what keeps it',
    data: { milliseconds: step.timeoutMs, output, ...(seen.reason === undefined ? {} : { reason: seen.reason }) },
    cause,
  });
}

/** Its connection broke, or it was ended from outside: as init does to all that runs when the guest goes down. */
function mayBeReboot(error: unknown): boolean {
  if (hasErrorCode(error, 'connection-lost')) return true;
  return hasErrorCode(error, 'step-failed') && [null, 128 + 15, 128 + 9].includes(error.data.exitCode as number | null);
}

function captureTooLarge(machine: string, step: VmStep, limit: number): GoqemuError {
  return new GoqemuError({
    code: 'capture-too-large',
    source: 'user',
    subject: `${machine}/${step.name}`,
    message: `capture "${step.name}" of ${machine} printed more than ${limit} bytes`,
    detail: 'what a capture prints is kept in the state and handed to other steps whole, so none of it is left out',
    hint: 'print less, or raise the limit: { maxBytes: … }; a file is better copied with goqemu cp',
    data: { limit },
  });
}

function lastLines(text: string): string {
  return text.trimEnd().split(/\r?\n/).slice(-shownLines).join('\n');
}
