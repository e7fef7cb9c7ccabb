/**
 * What a machine costs that does nothing: processor time of all that a lab with one Debian 12 of 1 GiB and two cores leaves
 * on this host, against that of a bare QEMU with the same image, both idle at the same time.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '@goqemu/vm';
import { bareBoot } from '../../../scripts/bench/bare-boot.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { withBenchHome } from './bench-home.ts';
import { environment, goqemu, median } from './turns.ts';

const run = promisify(execFile);

/** After its boot a guest still has work of its own: a minute at least, and until its use of the processor has come to rest. */
const settlingMs = 60_000;
const settlingLimitMs = 900_000;

const source = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench-idle' }, (lab) => void lab.vm('web', { memory: '1 GiB', cpus: 2 }));
`;

export default async function idle(report: BenchReport, { quick }: { readonly quick: boolean }): Promise<void> {
  await withBenchHome(async (home) => {
    const cwd = join(home, 'lab');
    const own = (...words: string[]) =>
      run(process.execPath, [goqemu, ...words], { cwd, env: environment({ cwd, home }) });
    await writeFile(join(cwd, 'lab.ts'), source);
    try {
      await own('apply', '--yes');
      const image = await createVmHost({ platform: hostPlatform() }).images.ensure('debian-12', { arch: 'x86_64' });
      await using bare = await bareBoot(join(home, 'bare'), image.path);
      const left = await processesNaming(home, bare.pid);
      const groups = [left, [bare.pid]];
      await settled(groups);
      const used = await processorTimes(groups, quick ? { count: 1, ms: 10_000 } : { count: 5, ms: 30_000 });
      const [value = Number.NaN, baseline = Number.NaN] = used;
      report({
        name: 'processor time of an idle machine, to a bare QEMU',
        value,
        unit: 'ms/s',
        baseline,
        aim: '≤ 1.05 ×',
      });
      report({ name: 'processes that a running machine needs on this host', value: left.length, unit: 'processes' });
    } finally {
      await own('destroy', '--yes');
    }
  });
}

/** Those whose arguments name the lab's home: QEMU does, by its disk. */
async function processesNaming(home: string, except: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number)) {
    if (!pid || pid === except) continue;
    // It may have ended since it was listed.
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (words.includes(home)) found.push(pid);
  }
  return found;
}

/** Waits until half a minute costs none of the groups a tenth less than the one before it: the work after a boot fades. */
async function settled(groups: readonly (readonly number[])[]): Promise<void> {
  await sleep(settlingMs);
  const until = performance.now() + settlingLimitMs;
  const halfMinute = { count: 1, ms: 30_000 };
  for (let before = await processorTimes(groups, halfMinute); ; ) {
    const now = await processorTimes(groups, halfMinute);
    if (now.every((used, index) => used > 0.9 * (before[index] ?? 0))) return;
    if (performance.now() > until) throw new Error(`the guests still do not rest: ${now.join(' and ')} ms in a second`);
    before = now;
  }
}

/** Milliseconds of processor time in each second, of each of these groups: the median of windows that all share. */
async function processorTimes(
  groups: readonly (readonly number[])[],
  { count, ms }: { readonly count: number; readonly ms: number },
): Promise<readonly number[]> {
  const taken = groups.map((): number[] => []);
  for (let window = 0; window < count; window++) {
    const before = await Promise.all(groups.map(processorTime));
    const begun = performance.now();
    await sleep(ms);
    const after = await Promise.all(groups.map(processorTime));
    const seconds = (performance.now() - begun) / 1000;
    for (const [index, times] of taken.entries()) times.push(((after[index] ?? 0) - (before[index] ?? 0)) / seconds);
  }
  return taken.map(median);
}

/** Milliseconds since their starts, in user and kernel mode, of all threads: fields 14 and 15 of `/proc/PID/stat` (proc(5)). */
async function processorTime(pids: readonly number[]): Promise<number> {
  const millisecondsPerTick = 10; // USER_HZ is 100 on every processor that Linux shows today
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on: the name may have blanks
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * millisecondsPerTick;
}
