import { open } from 'node:fs/promises';
import { anySignal, formatDuration, GoqemuError, hasErrorCode, sleep, withDeadline } from '@goqemu/core';
import { consoleTail, type GuestSession } from '@goqemu/guest';
import type { Reboot } from '@goqemu/spec';
import { consoleSize } from '../lifecycle/become-ready.ts';
import type { FollowedMachine, StepCall, StepGuest } from './step-guest.ts';

/** Milliseconds for one short command of a guest that runs. */
const answerMs = 30_000;
/** How often the guest is asked whether it is another boot already: kexec boots without a reset of the machine. */
const lookEveryMs = 3_000;
/** Bytes of the serial console that are read for an error. */
const tailBytes = 32 * 1024;

/** Programs of root's, wherever the guest has them. */
const path = 'PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin';
const readBootId = 'cat /proc/sys/kernel/random/boot_id';
/** sd_booted(3) tells in this way whether systemd runs. */
const findProgram = `${path}
${readBootId}
if [ -d /run/systemd/system ]; then echo systemctl reboot
elif command -v reboot >/dev/null; then echo reboot
else echo 'the guest has neither systemd nor a program "reboot"' >&2; exit 127
fi`;

type RunningCall = StepCall & { readonly signal: AbortSignal };

/** How far a reboot has come, for the error of one that takes too long. */
export interface RebootProgress {
  reason: string | undefined;
}

/**
 * Reboots a guest and waits until the next boot of it is ready. That it is the next one is known by the kernel's boot id
 * (random(4)): until the guest goes down, it still answers.
 *
 * @throws GoqemuError `step-failed`, `machine-exited`, and what becoming ready throws
 */
export async function rebootGuest(
  guest: StepGuest,
  step: Reboot<string>,
  call: RunningCall,
  progress: RebootProgress,
): Promise<void> {
  const { session, serialLog } = guest;
  const [before, ...program] = await run(guest, step, findProgram, call.signal);
  await using followed = await guest.follow(call.signal);
  let serialOffset = serialLog === undefined ? 0 : await consoleSize(serialLog);
  do {
    progress.reason = 'the guest has not gone down';
    if (await goDown(guest, followed, { step, before, program: program.join(' ') }, call))
      serialOffset = serialLog === undefined ? 0 : await consoleSize(serialLog);
    progress.reason = 'the guest went down, and is not ready again';
    session.reset('the guest reboots');
    await followed.becomeReady(serialOffset, call);
  } while (before !== undefined && (await bootId(session, call.signal)) === before);
}

interface Request {
  readonly step: Reboot<string>;
  /** Boot id of the guest that is to go down. */
  readonly before: string | undefined;
  readonly program: string;
}

/**
 * Asks the guest to reboot, and waits until the machine is reset or the guest is another boot.
 *
 * @returns whether the machine was reset
 */
async function goDown(
  guest: StepGuest,
  followed: FollowedMachine,
  { step, before, program }: Request,
  { signal, ...call }: RunningCall,
): Promise<boolean> {
  const stop = new AbortController();
  const until = anySignal(signal, stop.signal);
  // In place before the request: the guest may be gone before the request is answered.
  const reset = followed.reset(until).then(
    () => true,
    (error: unknown) => {
      until.throwIfAborted();
      throw machineExited(guest, step, error);
    },
  );
  try {
    await followed.forgetReadiness();
    const asking = ask(guest, step, `${path}\nexec ${program}`, { ...call, signal: until });
    const otherBoot = asking.then(() => untilOtherBoot(guest.session, before, until));
    return await Promise.race([reset, otherBoot]);
  } finally {
    stop.abort(new Error('the guest went down'));
    reset.catch(() => undefined);
  }
}

/** A request whose connection breaks, or that is killed, is answered by the guest's going down. */
async function ask(guest: StepGuest, step: Reboot<string>, script: string, call: RunningCall): Promise<void> {
  try {
    await run(guest, step, script, call.signal);
  } catch (error) {
    call.signal.throwIfAborted();
    const isGoingDown = hasErrorCode(error, 'connection-lost') || hasErrorCode(error, 'connect-failed');
    const wasKilled = hasErrorCode(error, 'step-failed') && [null, 128 + 15, 128 + 9].includes(exitCodeOf(error));
    if (!isGoingDown && !wasKilled) throw error;
  }
}

function exitCodeOf(error: GoqemuError): number | null {
  return error.data.exitCode as number | null;
}

async function untilOtherBoot(session: GuestSession, before: string | undefined, signal: AbortSignal): Promise<false> {
  for (;;) {
    const now = await bootId(session, signal);
    if (before !== undefined && now !== undefined && now !== before) return false;
    await sleep(lookEveryMs, signal);
  }
}

/** Undefined while the guest does not answer. */
async function bootId(session: GuestSession, signal: AbortSignal): Promise<string | undefined> {
  const reading = withDeadline('reading the boot id', answerMs, signal, (limit) =>
    session.exec(readBootId, { repeatable: true, label: 'reading the boot id', signal: limit }),
  );
  const answer = await reading.catch(() => undefined);
  signal.throwIfAborted();
  return answer?.exitCode === 0 ? answer.stdout.trim() : undefined;
}

/** @returns the words of its output */
async function run(
  { session, machine }: StepGuest,
  step: Reboot<string>,
  script: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const label = `step ${step.name}`;
  const result = await session.exec(script, { user: 'root', label, timeoutMs: Number.POSITIVE_INFINITY, signal });
  if (result.exitCode === 0) return result.stdout.split(/\s+/).filter(Boolean);
  const output = `${result.stdout}${result.stderr}`.trim();
  throw new GoqemuError({
    code: 'step-failed',
    source: 'user',
    subject: `${machine}/${step.name}`,
    message: `step "${step.name}" of ${machine} could not reboot the guest`,
    detail: output || `the request ended with exit code ${result.exitCode}`,
    hint: 'the guest must have systemd, or a program "reboot" that root may run',
    data: { command: script, exitCode: result.exitCode, signal: result.signal, output },
  });
}

function machineExited({ machine }: StepGuest, step: Reboot<string>, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'machine-exited',
    source: 'environment',
    subject: `${machine}/${step.name}`,
    message: `the QEMU of ${machine} ended instead of rebooting, in step "${step.name}"`,
    detail: 'a QEMU that was started with -no-reboot or -action reboot=shutdown ends when its guest reboots',
    hint: 'start it without that option; an imported machine must be started and imported again',
    cause,
  });
}

/** The deadline of the step knows the length alone: this tells how far the reboot came, and what the console says. */
export async function explainReboot(
  guest: StepGuest,
  step: Reboot<string>,
  { reason }: RebootProgress,
  error: unknown,
): Promise<unknown> {
  if (!hasErrorCode(error, 'timeout')) return error;
  const { machine, serialLog } = guest;
  const tail = serialLog === undefined ? [] : await lastLines(serialLog);
  return new GoqemuError({
    code: 'reboot-timed-out',
    source: 'environment',
    subject: `${machine}/${step.name}`,
    message: `${machine} did not reboot within ${formatDuration(step.timeoutMs)}, in step "${step.name}": ${reason ?? 'it did not answer'}`,
    ...(tail.length === 0
      ? {}
      : { detail: ['last lines of the serial console:', ...tail.map((line) => `  ${line}`)].join('\n') }),
    hint: `read the whole console with "goqemu logs ${machine}"; give a slow guest more time with { timeout }`,
    data: { milliseconds: step.timeoutMs, console: tail },
    cause: error,
  });
}

async function lastLines(log: string): Promise<readonly string[]> {
  const size = await consoleSize(log);
  if (size === 0) return [];
  await using file = await open(log, 'r');
  const { buffer, bytesRead } = await file.read({
    buffer: Buffer.alloc(Math.min(size, tailBytes)),
    position: Math.max(0, size - tailBytes),
  });
  return consoleTail(buffer.toString('utf8', 0, bytesRead));
}
