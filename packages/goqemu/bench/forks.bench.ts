/**
 * Forks of a lab with one Debian 12 of 1 GiB: how long until all of them answer, to a boot of the same machine, and
 * what memory each one adds, to that of the first.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { openLab, type RunningLab } from '../src/index.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));
const mebibyte = 2 ** 20;
const ms = { unit: 'ms' } as const;
const source = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench-forks' }, (lab) => {
  lab.vm('web', { memory: '1 GiB', cpus: 2 }).run('mark', 'date > /root/mark').checkpoint('ready');
});
`;

export default async function forks(report: BenchReport, { quick }: { readonly quick: boolean }): Promise<void> {
  const home = await mkdtemp(join(cache, 'bench-'));
  const before = process.env.GOQEMU_HOME;
  try {
    // Images are built once for all; layers and disks are this run's own.
    await mkdir(join(cache, 'e2e/home/img'), { recursive: true });
    await symlink(join(cache, 'e2e/home/img'), join(home, 'img'));
    process.env.GOQEMU_HOME = home;
    await mkdir(join(home, 'lab'));
    await writeFile(join(home, 'lab/lab.ts'), source);
    await using lab = await openLab(join(home, 'lab'));
    const boot = await timed(() => lab.apply());
    try {
      await rows(lab, join(home, 'snapshots'), boot, quick ? [1, 2] : [1, 2, 4, 8], report);
    } finally {
      await lab.destroy();
    }
  } finally {
    if (before === undefined) delete process.env.GOQEMU_HOME;
    else process.env.GOQEMU_HOME = before;
    await rm(home, { recursive: true, force: true });
  }
}

async function rows(
  lab: RunningLab,
  snapshots: string,
  boot: number,
  counts: readonly number[],
  report: BenchReport,
): Promise<void> {
  const [ready] = await lab.checkpoints();
  const file = await ramBytes(join(snapshots, ready?.machines[0]?.layer.slice(0, 12) ?? ''));
  // The first brings the RAM file into memory, where the others find it.
  const first = { ready: file, used: file };
  for (const count of counts) {
    const what = count === 1 ? '1 fork' : `${count} forks`;
    const begun = performance.now();
    await using made = await lab.forks('ready', count);
    report({ name: `${what} to all answering, to a boot`, ...ms, value: performance.now() - begun, baseline: boot });
    const last = made.at(-1) ?? lab;
    const ready = await ownBytes(last);
    await Promise.all(made.map((fork) => fork.machine('web').sendCommand('true', { check: true })));
    report({
      name: `${what} to an SSH command in each, to a boot`,
      ...ms,
      value: performance.now() - begun,
      baseline: boot,
    });
    const used = await ownBytes(last);
    if (count === 1) {
      first.ready += ready;
      first.used += used;
    }
    const aim = count === 8 ? { aim: '≤ 0.4 ×' } : {};
    for (const [when, value, baseline] of [
      ['answering', ready, first.ready],
      ['after the command', used, first.used],
    ] as const) {
      const name = `memory that fork ${count} adds ${when}, to the first with the RAM file`;
      report({ name, unit: 'MiB', value: value / mebibyte, baseline: baseline / mebibyte, ...aim });
    }
  }
}

/** Pages that the machine's process has written: `/proc/PID/smaps_rollup` (proc(5)). The rest is the RAM file's. */
async function ownBytes(lab: RunningLab): Promise<number> {
  const [machine] = (await lab.status()).machines;
  const text = await readFile(`/proc/${machine?.pid}/smaps_rollup`, 'utf8');
  return Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** What the RAM file of a layer takes, holes left out. */
async function ramBytes(folder: string): Promise<number> {
  const name = (await readdir(folder)).find((one) => one.startsWith('ram-'));
  return name === undefined ? 0 : (await stat(join(folder, name))).blocks * 512;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
