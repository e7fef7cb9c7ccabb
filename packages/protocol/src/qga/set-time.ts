import { hasErrorCode } from '@goqemu/core';
import type { GuestAgent, QgaExecuteOptions } from './guest-agent.ts';

/**
 * `guest-set-time` starts hwclock(8), which waits for the next full second and which a minimal Debian 13 does not have:
 * the command then fails although the clock is set. One process of date(1) is quicker and is in every guest with a shell.
 */
export async function setGuestTime(
  agent: GuestAgent,
  time: Date | undefined,
  options: QgaExecuteOptions = {},
): Promise<void> {
  // GNU's date takes fractions, busybox's whole seconds.
  for (const digits of [3, 0]) {
    const seconds = ((time?.getTime() ?? Date.now()) / 1000).toFixed(digits);
    const args = ['-u', '-s', `@${seconds}`];
    const set = await agent.exec({ path: 'date', args, ...options }).catch(refused);
    if (set?.exitCode === 0) return;
    if (!set) break;
  }
  await agent.execute('guest-set-time', { time: (time?.getTime() ?? Date.now()) * 1e6 }, options);
}

/** The agent says so when there is no such program, or when it may not start any. */
function refused(error: unknown): undefined {
  if (hasErrorCode(error, 'qga-command-failed')) return undefined;
  throw error;
}
