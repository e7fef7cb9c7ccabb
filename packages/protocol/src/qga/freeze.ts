import { GoqemuError, sleep, withDeadline } from '@goqemu/core';
import type { GuestAgentClient } from './guest-agent-client.ts';

export interface FreezeOptions {
  /** Milliseconds after which the guest is thawed even while the work runs; default 10 000, as Windows' VSS does. */
  readonly maxMs?: number;
  /** Milliseconds for the guest to write out what it holds and freeze; default 60 000. */
  readonly freezeTimeoutMs?: number;
  /** Which filesystems; default all. Needs `guest-fsfreeze-freeze-list` (QEMU 2.2) in the guest. */
  readonly mountpoints?: readonly string[];
  readonly signal?: AbortSignal;
}

const thawAttempts = 5;

/**
 * `guest-fsfreeze-freeze` and `-thaw` (QEMU Guest Agent Protocol Reference). A frozen guest hangs on its first
 * write, so every way out leads through the thaw, also when the answer to the freeze was lost.
 *
 * @throws GoqemuError `qga-freeze-expired` when the work outlasted `maxMs`; `qga-thaw-failed` when the guest may
 *   still be frozen
 */
export async function freezeAround<T>(
  agent: GuestAgentClient,
  work: (frozen: number) => Promise<T>,
  options: FreezeOptions = {},
): Promise<T> {
  const { maxMs = 10_000, freezeTimeoutMs = 60_000, mountpoints, signal } = options;
  signal?.throwIfAborted();
  try {
    const limits = { timeoutMs: freezeTimeoutMs, ...(signal ? { signal } : {}) };
    const frozen = mountpoints
      ? await agent.execute('guest-fsfreeze-freeze-list', { mountpoints: [...mountpoints] }, limits)
      : await agent.execute('guest-fsfreeze-freeze', undefined, limits);
    return await withDeadline('work on frozen filesystems', maxMs, signal, () => work(frozen)).catch((error) => {
      throw isExpiry(error) ? expiredError(maxMs, error) : error;
    });
  } finally {
    await thaw(agent);
  }
}

/** Thaws with a few attempts: a busy guest may miss the first. */
async function thaw(agent: GuestAgentClient): Promise<void> {
  let last: unknown;
  for (let attempt = 1; attempt <= thawAttempts; attempt += 1) {
    try {
      await agent.execute('guest-fsfreeze-thaw');
      if ((await agent.execute('guest-fsfreeze-status')) === 'thawed') return;
    } catch (error) {
      last = error;
    }
    if (attempt < thawAttempts) await sleep(100 * attempt);
  }
  throw new GoqemuError({
    code: 'qga-thaw-failed',
    source: 'environment',
    subject: agent.peer,
    message: "the guest's filesystems could not be thawed: it may hang until they are",
    hint: 'run guest-fsfreeze-thaw again, or reset the machine',
    cause: last,
    data: { peer: agent.peer },
  });
}

function isExpiry(error: unknown): boolean {
  return error instanceof GoqemuError && error.code === 'timeout' && error.subject === 'work on frozen filesystems';
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
