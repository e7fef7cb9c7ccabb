/**
 * `goqemu test` on a lab with one Debian 12 of 1 GiB: what each test costs by a fork and by a restore, to a boot and to a
 * bare script that restores the same RAM file by QMP and runs one command; eight workers, to one; and the memory of a fork.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createOverlay } from '@goqemu/machine';
import { bareRestore } from '../../../scripts/bench/bare-restore.ts';
import { ownBytes } from '../../../scripts/bench/own-bytes.ts';
import { median, timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { openLab, type RunningLab } from '../src/index.ts';
import { withBenchHome } from './bench-home.ts';
import { environment, goqemu, type Place } from './turns.ts';

const mebibyte = 2 ** 20;
const ms = { unit: 'ms' } as const;
const run = promisify(execFile);

const source = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'bench-test' }, (lab) => {
  lab.vm('web', { memory: '1 GiB', cpus: 2 }).run('mark', 'date > /root/mark').checkpoint('ready');
});
`;
const tests = (
  isolation: 'fork' | 'restore',
  count: number,
  command: string,
) => `import { test as base } from 'goqemu/test';
import lab from './lab.ts';
const test = base.extend('lab', lab, { at: 'ready', isolation: '${isolation}', machines: ['web'] });
for (let turn = 0; turn < ${count}; turn++)
  test(\`turn \${turn}\`, async ({ web }) => void (await web.exec(${JSON.stringify(command)}, { check: true })));
`;

export default async function testRunner(report: BenchReport, { quick }: { readonly quick: boolean }): Promise<void> {
  await withBenchHome(async (home) => {
    const place = { cwd: join(home, 'lab'), home };
    await writeFile(join(place.cwd, 'lab.ts'), source);
    await using lab = await openLab(place.cwd);
    const boot = await timed(() => lab.apply());
    try {
      await costRows(report, place, { lab, boot, count: quick ? 6 : 21 });
      await workerRows(report, place, quick ? 4 : 8);
      await memoryRow(report, lab);
    } finally {
      await lab.destroy();
    }
  });
}

interface Costs {
  readonly lab: RunningLab;
  /** Milliseconds of the first apply: one boot. */
  readonly boot: number;
  readonly count: number;
}

async function costRows(report: BenchReport, place: Place, { lab, boot, count }: Costs): Promise<void> {
  const bare: number[] = [];
  for (let turn = 0; turn < 5; turn++) bare.push(await bareTest(lab, place));
  for (const isolation of ['fork', 'restore'] as const) {
    await writeFile(join(place.cwd, 'one.lab.test.ts'), tests(isolation, 1, 'true'));
    await writeFile(join(place.cwd, 'all.lab.test.ts'), tests(isolation, count, 'true'));
    const one = await timed(() => goqemuTest(place, 'one.lab.test.ts'));
    const all = await timed(() => goqemuTest(place, 'all.lab.test.ts'));
    const value = (all - one) / (count - 1);
    report({ name: `a test by ${isolation}, to one by a boot`, ...ms, value, baseline: boot, aim: '≤ 0.02 ×' });
    report({ name: `a test by ${isolation}, to a bare script`, ...ms, value, baseline: median(bare), aim: '≤ 1.3 ×' });
  }
  await rm(join(place.cwd, 'one.lab.test.ts'));
  await rm(join(place.cwd, 'all.lab.test.ts'));
}

/** Tests that wait for their machines: more of them at a time end sooner, whatever the processors. */
async function workerRows(report: BenchReport, place: Place, files: number): Promise<void> {
  for (let file = 0; file < files; file++)
    await writeFile(join(place.cwd, `${file}.lab.test.ts`), tests('fork', 2, 'sleep 5'));
  const one = await timed(() => goqemuTest(place, '--workers', '1'));
  const value = await timed(() => goqemuTest(place, '--workers', String(files)));
  report({ name: `${files} workers with tests that wait 5 s, to 1`, ...ms, value, baseline: one });
}

/** What the second fork adds, to the RAM of the checkpoint. */
async function memoryRow(report: BenchReport, lab: RunningLab): Promise<void> {
  await using forks = await lab.forks('ready', 2);
  await Promise.all(forks.map((fork) => fork.machine('web').exec('true', { check: true })));
  const value = (await ownBytes(await pidOf(forks.at(-1) ?? lab))) / mebibyte;
  report({ name: 'memory of a further fork, to that of its machine', unit: 'MiB', value, baseline: 1024 });
}

function goqemuTest(place: Place, ...words: string[]): Promise<unknown> {
  const options = { cwd: place.cwd, env: environment(place), maxBuffer: 16 * mebibyte };
  return run(process.execPath, [goqemu, 'test', ...words], options);
}

/** Milliseconds of a bare restore of the checkpoint with one command in it; the arguments are those of a fork. */
async function bareTest(lab: RunningLab, place: Place): Promise<number> {
  await using fork = await lab.fork('ready');
  const pid = await pidOf(fork);
  const [ready] = await lab.checkpoints();
  const layer = join(place.home, 'snapshots', ready?.machines[0]?.layer.slice(0, 12) ?? '');
  const files = await readdir(layer);
  const named = (prefix: string) => join(layer, files.find((name) => name.startsWith(prefix)) ?? prefix);
  const used = /file=([^,\0]*\.qcow2)|"filename":\s*"([^"]*\.qcow2)"/.exec(
    await readFile(`/proc/${pid}/cmdline`, 'utf8'),
  );
  const disk = join(place.home, 'bare.qcow2');
  await createOverlay(disk, { qemuImg: '', backing: named('disk') });
  try {
    return (await bareRestore(pid, named('state'), [used?.[1] ?? used?.[2] ?? '', disk], true)).command;
  } finally {
    await rm(disk);
  }
}

async function pidOf(lab: RunningLab): Promise<number> {
  const pid = (await lab.status()).machines[0]?.pid;
  if (!pid) throw new Error('the machine does not run');
  return pid;
}
