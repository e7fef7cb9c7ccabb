import { anySignal, type ProcessIdentity, type ProcessTable, sleep, systemErrorCode } from '@goqemu/core';

/** True while some process has this pid: cheap, and says nothing about which one. */
function pidIsTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Milliseconds that a zombie is waited for; its parent may never ask for it. */
const zombieMs = 2000;

/**
 * Resolves when the very process has ended. The pid is looked at often, the identity, for which some hosts start
 * a process, once a second: a pid that was reused is found out then.
 *
 * A zombie has not ended yet: the threads beside the first may still hold its sockets and the locks on its disks.
 *
 * @param hurry settles when an end is likely, to look more often
 */
export async function untilEnded(
  identity: ProcessIdentity,
  processes: ProcessTable,
  signal: AbortSignal | undefined,
  hurry: Promise<unknown> = new Promise(() => undefined),
): Promise<void> {
  let wait = 2;
  let checked = 0;
  let zombieSince: number | undefined;
  let hurried = false;
  const early = hurry.then(() => true);
  while (pidIsTaken(identity.pid)) {
    const now = Date.now();
    if (now - checked > 1000) {
      const found = await processes.identify(identity.pid);
      if (found && (found.startTime !== identity.startTime || found.bootId !== identity.bootId)) return;
      checked = now;
      if (!found) zombieSince ??= now;
    }
    if (zombieSince !== undefined && now - zombieSince > zombieMs) return;
    const stop = new AbortController();
    const pause = sleep(wait, anySignal(signal, stop.signal));
    if (hurried) await pause;
    else {
      hurried = await Promise.race([pause.then(() => false), early]);
      pause.catch(() => undefined);
      stop.abort();
    }
    wait = hurried ? 2 : Math.min(wait * 2, 50);
  }
}
