/**
 * Files and bytes to and from a Debian 12 guest, beside what OpenSSH's own programs and rsync move to and from the same
 * guest in the same run, in turn, each over a connection that is kept. The guest's sshd does most of the work, without
 * acceleration: the ratios are what counts.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '@goqemu/vm';
import { timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { createVM } from '../src/sdk/vm/open-vm.ts';
import type { QemuVM } from '../src/sdk/vm/qemu-vm.ts';
import { OpenSsh, rsyncInGuest } from './openssh.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));
const inGuest = '/dev/shm/copy';

export default async function transfer(report: BenchReport, { quick }: { readonly quick: boolean }) {
  const folder = await mkdtemp(join(cache, 'bench-'));
  try {
    const images = createVmHost({
      platform: { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: join(cache, 'e2e/home') } },
    }).images;
    const image = (await images.ensure('debian-12', { arch: 'x86_64' })).path;
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: folder } };
    await using vm = await createVM({ image, memory: '1 GiB', network: 'user', user: 'debian' }, { platform });
    await vm.start();
    await using openSsh = await OpenSsh.connect(vm, folder);
    const copies = { vm, openSsh, folder };
    await oneFile(report, copies, { mebibytes: quick ? 16 : 128, turns: quick ? 2 : 3 });
    await manyFiles(report, copies, { count: quick ? 1_000 : 20_000, turns: quick ? 1 : 2 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Copies {
  readonly vm: QemuVM;
  readonly openSsh: OpenSsh;
  /** Of this host, for what is copied. */
  readonly folder: string;
}

async function oneFile(
  report: BenchReport,
  { vm, openSsh, folder }: Copies,
  { mebibytes, turns }: { readonly mebibytes: number; readonly turns: number },
): Promise<void> {
  const local = join(folder, 'file');
  const received = join(folder, 'received');
  await writeFile(local, '');
  await truncate(local, mebibytes * 2 ** 20);
  const amount = { turns, amount: (mebibytes * 2 ** 20) / 1e6, unit: 'MB/s' };
  const size = `of a file of ${mebibytes} MiB`;
  await measure(report, amount, {
    name: `upload ${size}`,
    ours: () => vm.upload(local, inGuest),
    others: { scp: () => openSsh.scp(local, `guest:${inGuest}`) },
    aim: '≥ 1.5 ×',
  });
  await measure(report, amount, {
    name: `download ${size}`,
    ours: () => vm.download(inGuest, received),
    others: { scp: () => openSsh.scp(`guest:${inGuest}`, received) },
    aim: '≥ 1.5 ×',
  });
  await measure(report, amount, {
    name: `output of a command, ${mebibytes} MiB`,
    ours: async () => {
      for await (const _ of vm.streamCommand(`cat ${inGuest}`));
    },
    others: { ssh: () => openSsh.ssh('guest', `cat ${inGuest}`) },
  });
  await vm.exec(`rm ${inGuest}`, { check: true });
}

async function manyFiles(
  report: BenchReport,
  { vm, openSsh, folder }: Copies,
  { count, turns }: { readonly count: number; readonly turns: number },
): Promise<void> {
  const local = join(folder, 'many');
  const received = join(folder, 'many-received');
  await mkdir(local);
  for (let file = 0; file < count; file++) await writeFile(join(local, `file-${file}`), randomBytes(1_000));
  const rsync = await rsyncInGuest(vm);
  const amount = { turns, amount: count, unit: 'files/s' };
  const size = `of ${count} files of 1 kB`;
  await measure(report, amount, {
    name: `upload ${size}`,
    ready: async () => void (await vm.exec(`rm -rf ${inGuest}`, { check: true })),
    ours: () => vm.upload(local, inGuest),
    others: {
      'scp -r': () => openSsh.scp('-r', local, `guest:${inGuest}`),
      ...(rsync ? { rsync: () => openSsh.rsync(rsync, `${local}/`, `guest:${inGuest}/`) } : {}),
    },
    aim: '≥ 1.5 ×',
  });
  await measure(report, amount, {
    name: `download ${size}`,
    ready: () => rm(received, { recursive: true, force: true }),
    ours: () => vm.download(inGuest, received),
    others: {
      'scp -r': () => openSsh.scp('-r', `guest:${inGuest}`, received),
      ...(rsync ? { rsync: () => openSsh.rsync(rsync, `guest:${inGuest}/`, `${received}/`) } : {}),
    },
    aim: '≥ 1.5 ×',
  });
}

interface Contest {
  readonly name: string;
  /** Before each of them; not measured. */
  readonly ready?: () => Promise<void>;
  readonly ours: () => Promise<void>;
  /** By name. */
  readonly others: Readonly<Record<string, () => Promise<void>>>;
  readonly aim?: string;
}

interface Amount {
  readonly turns: number;
  /** What one of them moves. */
  readonly amount: number;
  /** Of the amount in a second. */
  readonly unit: string;
}

/** In turn, so that the host's load falls on all; the best of each, which other work on the host disturbed least. */
async function measure(report: BenchReport, { turns, amount, unit }: Amount, contest: Contest): Promise<void> {
  const works = Object.entries({ ours: contest.ours, ...contest.others });
  const best = new Map<string, number>();
  for (let turn = 0; turn < turns; turn++)
    for (const [who, work] of works) {
      await contest.ready?.();
      const rate = amount / ((await timed(work)) / 1000);
      best.set(who, Math.max(best.get(who) ?? 0, rate));
    }
  const value = best.get('ours') ?? Number.NaN;
  for (const [who, baseline] of best)
    if (who !== 'ours')
      report({
        name: `${contest.name}, to ${who}`,
        value,
        unit,
        baseline,
        ...(contest.aim ? { aim: contest.aim } : {}),
      });
}
