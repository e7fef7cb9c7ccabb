import { GoqemuError, sleep } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';

/** Milliseconds for one short command; the wait for a guest that boots is the session's (`reconnectMs`). */
const answerMs = 30_000;
/** Milliseconds in which a guest that still answers may be on its way down: services end before the kernel does. */
const goingDownMs = 5_000;
const pauseMs = 1_000;

export interface Suspicion {
  /** Name of the machine. */
  readonly machine: string;
  /** Names the machine, or the step of it, in the error. */
  readonly subject: string;
  /** What was under way, such as `while step "x" ran`. */
  readonly when: string;
  /** When that began, by `performance.now()`. */
  readonly begun: number;
  readonly error: unknown;
  readonly signal: AbortSignal | undefined;
}

/**
 * The error to be thrown in the place of one that a reboot of the guest explains: `guest-rebooted` when the guest's kernel
 * is younger than what was under way, else the error itself, also when the guest does not answer.
 */
export async function findReboot(session: GuestSession, suspicion: Suspicion): Promise<unknown> {
  const { begun, error, signal } = suspicion;
  const asked = performance.now();
  do {
    const uptimeMs = await readUptime(session, signal);
    if (uptimeMs === undefined) return error;
    if (uptimeMs < performance.now() - begun) return guestRebooted(suspicion);
    await sleep(pauseMs, signal);
  } while (performance.now() - asked < goingDownMs);
  return error;
}

/** Milliseconds since the guest's kernel has started (proc(5), /proc/uptime), asked as soon as the guest answers. */
async function readUptime(session: GuestSession, signal: AbortSignal | undefined): Promise<number | undefined> {
  const limits = { timeoutMs: answerMs, repeatable: true, label: 'reading the uptime', ...(signal ? { signal } : {}) };
  const answer = await session.exec(['cat', '/proc/uptime'], limits).catch(() => undefined); // then it stays unknown
  signal?.throwIfAborted();
  const seconds = Number.parseFloat(answer?.stdout ?? '');
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** A guest that has rebooted while something was under way. */
export function guestRebooted({
  machine,
  subject,
  when,
  error,
}: Pick<Suspicion, 'machine' | 'subject' | 'when'> & Partial<Pick<Suspicion, 'error'>>): GoqemuError {
  return new GoqemuError({
    code: 'guest-rebooted',
    source: 'user',
    subject,
    message: `${machine} rebooted ${when}`,
    detail: 'a step must leave its guest running: its layer would be cut while the guest goes down',
    hint:
      "leave the reboot out of the script, and have goqemu do it after the step: .reboot('restart'), which waits until " +
      'the guest is ready again (see "goqemu help lab#reboots")',
    ...(error === undefined ? {} : { cause: error }),
  });
}
