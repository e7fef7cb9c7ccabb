import { randomBytes } from 'node:crypto';
import { hasErrorCode } from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import type { SessionAccess } from '../session/session-access.ts';

/** Milliseconds for removing a staged copy. */
const removeMs = 60_000;

export interface Staging {
  /** For errors and logs. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Does some work with a private folder in the guest's `/var/tmp`, and removes it whatever happens. Its name is chosen
 * here, so that it is known even when the answer to its making is lost.
 */
export async function withStage<T>(
  session: SessionAccess,
  { what, signal }: Staging,
  work: (stage: string) => Promise<T>,
): Promise<T> {
  const stage = `/var/tmp/goqemu.${randomBytes(8).toString('hex')}`;
  const label = `making room for the ${what}`;
  try {
    assertSucceeded(
      await session.exec(['mkdir', '-m', '700', '--', stage], { label, ...(signal ? { signal } : {}) }),
      label,
    );
    return await work(stage);
  } finally {
    const left = await remove(session, stage, what);
    if (left) session.logger.log('warn', 'ssh', 'a temporary folder was left in the guest', { stage, reason: left });
  }
}

/** As root, whose copy it may be; else as the session's user, who made it. Gives the reason why it is still there. */
async function remove(session: SessionAccess, stage: string, what: string): Promise<string | undefined> {
  const asUser = async (user: string | undefined) => {
    const { exitCode, stderr } = await session.exec(['rm', '-rf', '--', stage], {
      ...(user === undefined ? {} : { user }),
      label: `removing the temporary folder of the ${what}`,
      repeatable: true,
      timeoutMs: removeMs,
    });
    return exitCode === 0 ? undefined : stderr.trim() || `rm ended with ${exitCode ?? 'a signal'}`;
  };
  try {
    return await asUser('root').catch((error: unknown) => {
      if (hasErrorCode(error, 'sudo-missing') || hasErrorCode(error, 'privilege-denied')) return asUser(undefined);
      throw error;
    });
  } catch (error) {
    return String(error);
  }
}
