import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of a process: milliseconds of processor time, from proc(5), fields 14 and 15 of /proc/PID/stat in ticks of 10 ms. */
function usedMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined; // it has ended
  }
}

function processWith(argument: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .find((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0]?.includes('qemu-system') && words.some((word) => word.includes(argument));
      } catch {
        return false;
      }
    });
}

/**
 * Gives the QEMU whose arguments hold a text only a share of one processor, from its start until the signal: it is stopped
 * whenever it is ahead. For hosts whose cgroups cannot be written.
 *
 * @returns its processor time, and for how long it was held back, in milliseconds
 */
export async function starve(argument: string, share: number, signal: AbortSignal) {
  let pid = processWith(argument);
  while (pid === undefined && !signal.aborted) {
    await sleep(5);
    pid = processWith(argument);
  }
  const begun = performance.now();
  let used: number | undefined = 0;
  while (pid !== undefined && !signal.aborted) {
    used = usedMs(pid);
    if (used === undefined) break;
    process.kill(pid, used > (performance.now() - begun) * share ? 'SIGSTOP' : 'SIGCONT');
    await sleep(10);
  }
  if (pid !== undefined && used !== undefined) process.kill(pid, 'SIGCONT');
  return { usedMs: used ?? 0, heldMs: performance.now() - begun };
}
