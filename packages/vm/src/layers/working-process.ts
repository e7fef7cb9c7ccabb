import { createHash } from 'node:crypto';
import { hostProcessTable, ownIdentity, type ProcessIdentity } from '@goqemu/core';

/** Whether the process that marked a file with its pid is still there. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What this process marks a folder with while it works there: a pid alone may be another's by the time one looks. */
export async function workMark(work: string): Promise<string> {
  return markOf(work, await ownIdentity());
}

/** Whether a name is a mark of this work. */
export function isWorkMark(name: string, work: string): boolean {
  return pidIn(name, work) !== undefined;
}

/** Whether the very process that left a mark still works. Marks of earlier versions have the pid alone. */
export async function isAtWork(name: string, work: string): Promise<boolean> {
  const pid = pidIn(name, work);
  if (pid === undefined || !isRunning(pid)) return false;
  if (name === `${work}-${pid}`) return true;
  const identity = await hostProcessTable().identify(pid);
  return identity !== undefined && name === markOf(work, identity);
}

function markOf(work: string, { pid, startTime, bootId }: ProcessIdentity): string {
  const start = createHash('sha256').update(`${startTime}/${bootId}`).digest('hex').slice(0, 8);
  return `${work}-${pid}-${start}`;
}

function pidIn(name: string, work: string): number | undefined {
  const fields = /^([a-z]+)-(\d+)(-[0-9a-f]{8})?$/.exec(name);
  return fields?.[1] === work ? Number(fields[2]) : undefined;
}
