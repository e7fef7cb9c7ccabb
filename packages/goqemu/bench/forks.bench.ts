/**
 * Forks of a lab with one Debian 12 of 1 GiB: how long until all of them answer, to a boot of the same machine, and
 * what memory each one adds, to that of the first.
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { openLab, type RunningLab } from '../src/index.ts';
import { withBenchHome } from './bench-home.ts';

const mebibyte = 2 ** 20;
const ms = { unit: 'ms' } as const;
const source = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench-forks' }, (lab) => {
  lab.vm('web', { memory: '1 GiB', cpus: 2 }).run('mark', 'date > /root/mark').checkpoint('ready');
});
`;

export default async function forks(report: BenchReport, { quick }: { readonly quick: boolean }): Promise<void> {
  await withBenchHome(async (home) => {
    await writeFile(join(home, 'lab/lab.ts'), source);
    await using lab = await openLab(join(home, 'lab'));
    const boot = await timed(() => lab.apply());
    try {
      await rows(report, { lab, snapshots: join(home, 'snapshots'), boot, counts: quick ? [1, 2] : [1, 2, 4, 8] });
    } finally {
      await lab.destroy();
    }
  });
}

interface Measurement {
  readonly lab: RunningLab;
  readonly snapshots: string;
  /** Milliseconds. */
  readonly boot: number;
  readonly counts: readonly number[];
}

async function rows(report: BenchReport, { lab, snapshots, boot, counts }: Measurement): Promise<void> {
  const [ready] = await lab.checkpoints();
  const file = await ramBytes(join(snapshots, ready?.machines[0]?.layer.slice(0, 12) ?? ''));
  // The first brings the RAM file into memory, where the others find it.
  const first = { ready: file, used: file };
  let alone: number | undefined;
  for (const count of counts) {
    const what = count === 1 ? '1 fork' : `${count} forks`;
    const begun = performance.now();
    await using made = await lab.forks('ready', count);
    const answering = performance.now() - begun;
    report({ name: `${what} to all answering, to a boot`, ...ms, value: answering, baseline: boot });
    alone ??= answering;
    report({
      name: `${what} to all answering, to one`,
      ...ms,
      value: answering,
      baseline: alone,
      ...(count === 8 ? { aim: '≤ 3 ×' } : {}),
      plot: { title: 'forks at once, until all answer', against: 'forks', at: count },
    });
    const last = made.at(-1) ?? lab;
    const ready = await ownBytes(last);
    await Promise.all(made.map((fork) => fork.machine('web').sendCommand('true', { check: true })));
    report({
      name: `${what} to a command in each, to a boot`,
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
