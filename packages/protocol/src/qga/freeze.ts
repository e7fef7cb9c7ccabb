import { afterCleanUp, GoqemuError, hasErrorCode, withDeadline } from '@goqemu/core';
import type { GuestAgent } from './guest-agent.ts';
import { isQgaCommandError } from './qga-errors.ts';
import { type Thawed, thaw } from './thaw.ts';

/** How long a guest may stay frozen, and how long freezing and thawing may take. */
export interface FreezeOptions {
  /** Milliseconds after which the guest is thawed even while the work runs; default 10 000, as Windows' VSS does. */
  readonly maxMs?: number;
  /** Milliseconds for the guest to write out what it holds and freeze; default 60 000. */
  readonly freezeTimeoutMs?: number;
  /**
   * Milliseconds for the guest to be thawed again, default 60 000. A freeze whose answer was lost is waited for
   * within them, because only after it the guest can be thawed.
   */
  readonly thawTimeoutMs?: number;
  /** Which filesystems; default all. Needs `guest-fsfreeze-freeze-list` (QEMU 2.2) in the guest. */
  readonly mountpoints?: readonly string[];
  readonly signal?: AbortSignal;
}

const workName = 'work on frozen filesystems';

/**
 * `guest-fsfreeze-freeze` and `-thaw` (QEMU Guest Agent Protocol Reference). A frozen guest hangs on its first
 * write, so every way out leads through the thaw, also when the answer to the freeze was lost. What fails first is
 * thrown; a thaw that fails after it is the last of its causes.
 *
 * @throws QgaCommandError when the guest refuses to freeze; GoqemuError `qga-freeze-expired` when the work outlasted
 *   `maxMs`, or the guest had thawed by itself; `qga-thaw-failed` when the guest may still be frozen
 */
export async function freezeAround<T>(
  agent: GuestAgent,
  work: (frozen: number) => Promise<T>,
  options: FreezeOptions = {},
): Promise<T> {
  const { maxMs = 10_000, thawTimeoutMs = 60_000, signal } = options;
  signal?.throwIfAborted();
  let result: T;
  try {
    const frozen = await freeze(agent, options);
    result = await withDeadline(workName, maxMs, signal, () => work(frozen)).catch((error) => {
      throw isExpiry(error) ? expiredError(maxMs, error) : error;
    });
  } catch (error) {
    // One that refuses has frozen nothing: the agent takes back what it had begun.
    if (isQgaCommandError(error) && refusedFreezes.has(error)) throw error;
    throw await afterCleanUp(error, () => thaw(agent, thawTimeoutMs));
  }
  const thawed: Thawed = await thaw(agent, thawTimeoutMs);
  if (thawed.byItself) throw lapsedError(thawed.byItself);
  return result;
}

/** Distinguished from what the caller's own work throws. */
const refusedFreezes = new WeakSet<object>();

async function freeze(agent: GuestAgent, options: FreezeOptions): Promise<number> {
  const { freezeTimeoutMs = 60_000, mountpoints, signal } = options;
  const limits = { timeoutMs: freezeTimeoutMs, ...(signal ? { signal } : {}) };
  try {
    return mountpoints
      ? await agent.execute('guest-fsfreeze-freeze-list', { mountpoints: [...mountpoints] }, limits)
      : await agent.execute('guest-fsfreeze-freeze', undefined, limits);
  } catch (error) {
    if (isQgaCommandError(error)) refusedFreezes.add(error);
    throw error;
  }
}

function isExpiry(error: unknown): boolean {
  return hasErrorCode(error, 'timeout') && error.subject === workName;
}

function expiredError(maxMs: number, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'qga-freeze-expired',
    source: 'environment',
    message: `the guest was thawed after ${maxMs} ms, before the work on its frozen filesystems was done`,
    hint: 'what was made meanwhile may be inconsistent: do less while frozen, or raise maxMs',
    cause,
    data: { maxMs },
  });
}

function lapsedError(cause: Error): GoqemuError {
  return new GoqemuError({
    code: 'qga-freeze-expired',
    source: 'environment',
    message: 'the guest had thawed by itself before the work on its frozen filesystems was done',
    detail: cause.message,
    hint: 'what was made meanwhile may be inconsistent: do less while frozen; Windows holds its writes back for 10 s at most',
    cause,
  });
}
