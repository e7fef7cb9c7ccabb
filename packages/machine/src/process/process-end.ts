import { isAlive, type ProcessIdentity, type ProcessTable, sleep, systemErrorCode } from '@goqemu/core';

/** True while some process has this pid: cheap, and says nothing about which one. */
export function pidIsTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/**
 * Resolves when the very process has ended. The pid is looked at often, the identity, for which some hosts start
 * a process, once a second: a pid that was reused at once is found out then.
 *
 * @param hurry settles when an end is likely, to look at once
 */
export async function untilEnded(
  identity: ProcessIdentity,
  processes: ProcessTable,
  signal: AbortSignal | undefined,
  hurry: Promise<unknown> = new Promise(() => undefined),
): Promise<void> {
  let wait = 2;
  let checked = 0;
  let hurried = false;
  const early = hurry.then(() => undefined);
  while (pidIsTaken(identity.pid)) {
    if (Date.now() - checked > 1000) {
      if (!(await isAlive(identity, processes))) return;
      checked = Date.now();
    }
    const stop = new AbortController();
    const pause = sleep(wait, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
    if (hurried) await pause;
    else {
      hurried = await Promise.race([pause.then(() => false), early.then(() => true)]);
      if (hurried) wait = 1;
      pause.catch(() => undefined);
      stop.abort();
    }
    wait = Math.min(wait * 2, 50);
  }
}
