import { hasErrorCode, timeoutError, withDeadline } from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { describeCondition, type GuestCondition, type WaitForOptions } from './conditions.ts';
import { probeScript } from './guest-probe.ts';
import { waitForHttp } from './http-probe.ts';

/**
 * Waits until a condition holds in the guest; it lives through a lost connection.
 *
 * @throws GoqemuError `timeout` with what was found wanting last; `option-invalid`
 * @example
 * await waitFor(session, { http: 'http://localhost:8080/health' }, { timeoutMs: 30_000 });
 */
export async function waitFor(
  session: SessionAccess,
  condition: GuestCondition,
  options: WaitForOptions = {},
): Promise<void> {
  const name = `waiting for ${describeCondition(condition)}`;
  const timeoutMs = options.timeoutMs ?? 120_000;
  let last: string | undefined;
  const note = (reason: string) => {
    if (reason === last || reason === '') return;
    last = reason;
    options.onReason?.(reason);
  };
  try {
    await withDeadline(name, timeoutMs, options.signal, async (signal) => {
      if ('http' in condition) return waitForHttp(session, condition, signal, note);
      const result = await session.exec(probeScript(condition), {
        label: name,
        repeatable: true,
        timeoutMs: Number.POSITIVE_INFINITY, // the deadline around it has the name
        signal,
        onStdout: (chunk) => note(chunk.toString('utf8').trimEnd().split('\n').at(-1) ?? ''),
      });
      assertSucceeded(result, name);
    });
  } catch (error) {
    if (hasErrorCode(error, 'timeout') && error.subject === name)
      throw timeoutError(name, timeoutMs, last === undefined ? 'no connection to the guest' : `last seen: ${last}`);
    throw error;
  }
}
