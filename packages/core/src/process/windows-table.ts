import { systemErrorCode } from '../errors/internal-error.ts';
import { type AskWindows, askPowerShell } from './powershell.ts';
import type { ProcessIdentity, ProcessTable } from './process-table.ts';
import { SignOfLife } from './sign-of-life.ts';

/** What Windows is asked through; injected in tests. */
export interface WindowsWays {
  readonly ask?: AskWindows;
  readonly signs?: SignOfLife;
  /** Whether there is a process of this number, whichever. */
  readonly exists?: (pid: number) => boolean;
}

/**
 * Processes of Windows. It notes when each was created, in UTC: neither a time zone nor a clock that is set changes that.
 * Process 4 is the kernel's (“System”), created at each boot. Questions that come while PowerShell runs share the next run
 * of it: a look at twenty machines asks once.
 *
 * Without PowerShell only the number is known: a process of that number is taken for the one that is meant, since taking it
 * for a dead one would do more harm.
 */
export function windowsProcessTable(ways: WindowsWays = {}): ProcessTable {
  const { ask = askPowerShell, signs = new SignOfLife(), exists = processExists } = ways;
  const identify = inBatches(async (pids) => {
    const there = pids.filter(exists);
    const text = there.length === 0 ? '' : await ask(creationTimes(there));
    return pids.map((pid) => {
      if (text !== undefined) return readWindowsProcesses(text, pid);
      return there.includes(pid) ? { pid, startTime: '', bootId: '' } : undefined;
    });
  });
  return {
    identify,
    own: async () => ({ pid: process.pid, startTime: await signs.own(process.pid), bootId: '' }),
    async isAlive(identity) {
      if (SignOfLife.isOne(identity.startTime)) return await signs.lives(identity.startTime);
      const now = await identify(identity.pid);
      if (now === undefined) return false;
      if (now.startTime === '' || identity.startTime === '') return true;
      return now.startTime === identity.startTime && now.bootId === identity.bootId;
    },
  };
}

function creationTimes(pids: readonly number[]): string {
  const filter = [4, ...pids].map((pid) => `ProcessId=${Number(pid)}`).join(' OR ');
  return `Get-CimInstance Win32_Process -Filter '${filter}' | ForEach-Object { "$($_.ProcessId) $($_.CreationDate.ToFileTimeUtc())" }`;
}

/** `PID TIME` a line; exported for its tests. */
export function readWindowsProcesses(text: string, pid: number): ProcessIdentity | undefined {
  const created = new Map(
    [...text.matchAll(/^(\d+) (\d+)\r?$/gm)].map(([, id, time = '']) => [Number(id), time] as const),
  );
  const startTime = created.get(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: created.get(4) ?? '' };
}

/** kill(2) with signal 0, which libuv has for Windows too. */
function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
}

/** Collects questions until the answers to those before have come, and asks them all at once. */
function inBatches<A>(answer: (pids: readonly number[]) => Promise<readonly A[]>): (pid: number) => Promise<A> {
  let waiting: number[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  let next: Promise<ReadonlyMap<number, A>> | undefined;
  return async (pid) => {
    waiting.push(pid);
    next ??= turn.then(async () => {
      const pids = [...new Set(waiting)];
      waiting = [];
      next = undefined;
      const answers = await answer(pids);
      return new Map(pids.map((one, index) => [one, answers[index] as A]));
    });
    const mine = next;
    turn = mine.catch(() => undefined);
    return (await mine).get(pid) as A;
  };
}
