import { anySignal, timeoutError } from '@goqemu/core';
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
    // What is given up in the end says nothing of the guest.
    if (reason === last || reason === '' || signal.aborted) return;
    last = reason;
    options.onReason?.(reason);
  };
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(timeoutError(name, timeoutMs)), timeoutMs);
  const signal = anySignal(options.signal, over.signal);
  try {
    options.signal?.throwIfAborted();
    if ('http' in condition) return await waitForHttp(session, condition, signal, note);
    const result = await session.exec(probeScript(condition), {
      label: name,
      repeatable: true,
      timeoutMs: Number.POSITIVE_INFINITY, // this wait has its own
      signal, // ends the script in the guest, too, before this returns
      onStdout: (chunk) => note(chunk.toString('utf8').trimEnd().split('\n').at(-1) ?? ''),
    });
    assertSucceeded(result, name);
  } catch (error) {
    if (!over.signal.aborted || options.signal?.aborted) throw error;
    throw timeoutError(name, timeoutMs, last === undefined ? 'no connection to the guest' : `last seen: ${last}`);
  } finally {
    clearTimeout(timer);
  }
}
