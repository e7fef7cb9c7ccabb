/**
 * Checkpoints of a Debian 12 guest beside what QEMU itself offers, on the same guest in the same run: `savevm` and
 * `loadvm`, a cold boot, and a bare script that restores a RAM file. Absolute times are the machine's of the day.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPlatform } from '@goqemu/core';
import { createOverlay } from '@goqemu/machine';
import { ensureTinyGuest } from '@goqemu/testing';
import { createVmHost, type VmHost, type VmOrigin } from '@goqemu/vm';
import { type BareRestore, bareRestore } from '../../../scripts/bench/bare-restore.ts';
import { median, timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport } from '../../../scripts/run/bench-row.ts';
import { BenchGuest, type MeasuredRestore } from './bench-guest.ts';
import { pauseRows } from './pause-rows.ts';
import { savevm } from './savevm.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));
const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

export default async function checkpoints(report: BenchReport, { quick }: { readonly quick: boolean }): Promise<void> {
  const home = await mkdtemp(join(cache, 'bench-'));
  try {
    // Images are built once for all; layers and disks are this run's own.
    const images = createVmHost({
      platform: { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: join(cache, 'e2e/home') } },
    }).images;
    const debian = await images.ensure('debian-12', { arch: 'x86_64' });
    const host = createVmHost({ platform: { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: home } } });
    await debianRows(host, { image: debian.path, format: debian.format, guestAgent: debian.guestAgent }, report, quick);
    const { path } = await ensureTinyGuest({ cacheFolder: join(cache, 'tiny-guest') });
    const tiny = { image: path, format: 'qcow2', guestAgent: 'included' } as const;
    await pauseRows(host, tiny, report, quick);
    await sizeRows(host, tiny, report, quick);
    await depthRows(host, tiny, report, quick);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function debianRows(host: VmHost, origin: VmOrigin, report: BenchReport, quick: boolean): Promise<void> {
  await using guest = await BenchGuest.make(host, 'debian', gibibyte, origin);
  const boot = await timed(() => guest.start());
  await guest.command();
  const first: number[] = [];
  for (const name of ['1', 'again', 'and again']) first.push((await guest.cut(name)).pauseMs);
  const [restores, bares, clocks] = await restoreRuns(guest, quick ? 3 : 7);
  const later: number[] = [];
  for (let turn = 0; turn < (quick ? 1 : 3); turn++) {
    await guest.restore('1');
    await guest.command();
    later.push((await guest.cut(`later ${turn}`)).pauseMs);
  }
  // Last: loading touches every page of the guest's memory.
  await guest.restore('1');
  const own = await savevm(guest, quick ? 1 : 3);
  const ms = { unit: 'ms' };
  const pause = median(first);
  report({ name: 'pause of a first checkpoint, to savevm', ...ms, value: pause, baseline: own.save, aim: '≤ 300 ms' });
  report({
    name: 'pause of one after a restore, to the first',
    ...ms,
    value: median(later),
    baseline: pause,
    aim: '≤ 1 ×',
  });
  restoreRows(report, restores, { bares, clocks, boot, load: own.load });
  await costRows(guest, report, restores);
}

/** In turns, so that all see the same load. */
async function restoreRuns(
  guest: BenchGuest,
  turns: number,
): Promise<[MeasuredRestore[], BareRestore[], BareRestore[]]> {
  const restores: MeasuredRestore[] = [];
  const bares: BareRestore[] = [];
  const clocks: BareRestore[] = [];
  for (let turn = 0; turn < turns; turn++) {
    restores.push(await guest.measuredRestore('1'));
    bares.push(await bareRun(guest, '1', false));
    clocks.push(await bareRun(guest, '1', true));
  }
  return [restores, bares, clocks];
}

function restoreRows(
  report: BenchReport,
  restores: readonly MeasuredRestore[],
  base: {
    readonly bares: readonly BareRestore[];
    readonly clocks: readonly BareRestore[];
    readonly boot: number;
    readonly load: number;
  },
): void {
  const ms = { unit: 'ms' };
  const running = median(restores.map((run) => run.running));
  const command = median(restores.map((run) => run.command));
  const bareRunning = median(base.bares.map((run) => run.running));
  const bare = median(base.bares.map((run) => run.command));
  const clock = median(base.clocks.map((run) => run.command));
  const toCommand = 'restore to the first guest command';
  report({ name: 'restore to running, to loadvm', ...ms, value: running, baseline: base.load, aim: '≤ 0.2 ×' });
  report({ name: 'restore to running, to the bare script', ...ms, value: running, baseline: bareRunning });
  report({ name: `${toCommand}, to the bare script`, ...ms, value: command, baseline: bare, aim: '≤ 1.1 ×' });
  report({ name: `${toCommand}, to the bare script with a clock that is set`, ...ms, value: command, baseline: clock });
  report({ name: `${toCommand}, to a boot`, ...ms, value: command, baseline: base.boot, aim: '≤ 0.01 ×' });
  report({
    name: 'restore to the first SSH command, to a boot',
    ...ms,
    value: median(restores.map((run) => run.ssh)),
    baseline: base.boot,
  });
}

async function costRows(guest: BenchGuest, report: BenchReport, restores: readonly MeasuredRestore[]): Promise<void> {
  const { layers } = guest.vm.host;
  const layer = await layers.get(guest.key('1'));
  const ram = await guest.ramBytes('1');
  const disk = (await stat(join(layer.folder, layer.manifest.disk.name))).blocks * 512;
  const mib = { unit: 'MiB' };
  const memory = gibibyte / mebibyte;
  report({
    name: 'room of a checkpoint for RAM, to the guest’s memory',
    ...mib,
    value: ram / mebibyte,
    baseline: memory,
  });
  report({ name: 'room of a checkpoint for the disk since the boot', ...mib, value: disk / mebibyte });
  report({
    name: 'memory of a restored machine after a command, to that RAM',
    ...mib,
    value: median(restores.map((run) => run.own)) / mebibyte,
    baseline: ram / mebibyte,
  });
}

/** The time to running may not grow with the memory of the guest; the tiny guest uses the same whatever it has. */
async function sizeRows(host: VmHost, origin: VmOrigin, report: BenchReport, quick: boolean): Promise<void> {
  const measured: { readonly gibibytes: number; readonly guest: BenchGuest; readonly times: number[] }[] = [];
  try {
    for (const gibibytes of quick ? [1, 4] : [0.25, 1, 2, 4]) {
      const guest = await BenchGuest.make(host, `tiny-${measured.length}`, gibibytes * gibibyte, origin);
      measured.push({ gibibytes, guest, times: [] });
      await guest.start();
      await guest.cut('size');
    }
    // In turns, so that all see the same load.
    for (let turn = 0; turn < (quick ? 5 : 15); turn++)
      for (const { guest, times } of measured) times.push((await guest.measuredRestore('size')).running);
  } finally {
    for (const { guest } of measured) await guest[Symbol.asyncDispose]();
  }
  const one = median(measured.find(({ gibibytes }) => gibibytes === 1)?.times ?? []);
  for (const { gibibytes, times } of measured)
    report({
      name: `restore to running with ${gibibytes} GiB, to 1 GiB`,
      unit: 'ms',
      value: median(times),
      baseline: one,
      ...(gibibytes === 4 ? { aim: '≤ 1.3 ×' } : {}),
      plot: { title: 'a restore to running', against: 'memory of the machine, GiB', at: gibibytes },
    });
}

/** Nor with the layers that a layer stands on. */
async function depthRows(host: VmHost, origin: VmOrigin, report: BenchReport, quick: boolean): Promise<void> {
  await using guest = await BenchGuest.make(host, 'deep', gibibyte / 4, origin);
  await guest.start();
  const depths = quick ? [1, 5] : [1, 5, 10, 20];
  const deepest = Math.max(...depths);
  for (let depth = 1; depth <= deepest; depth++) await guest.cut(`layer ${depth}`);
  const times = new Map(depths.map((depth) => [depth, [] as number[]]));
  for (let turn = 0; turn < (quick ? 5 : 15); turn++)
    for (const [depth, all] of times) all.push((await guest.measuredRestore(`layer ${depth}`)).running);
  for (const [depth, all] of times)
    report({
      name: `restore to running of layer ${depth}, to layer 1`,
      unit: 'ms',
      value: median(all),
      baseline: median(times.get(1) ?? []),
      plot: { title: 'a restore to running', against: 'layers that it stands on', at: depth },
    });
}

/** The arguments are those of the machine, which has just been restored. */
async function bareRun(guest: BenchGuest, name: string, setsClock: boolean): Promise<BareRestore> {
  const { vm } = guest;
  const machine = await guest.machine();
  const layer = await vm.host.layers.get(guest.key(name));
  const disk = vm.folder.file('bare.qcow2');
  await createOverlay(disk, { qemuImg: '', backing: join(layer.folder, layer.manifest.disk.name) });
  try {
    const used = vm.folder.file((await vm.state()).disk);
    const state = vm.host.layers.ramFiles(layer).state;
    return await bareRestore(machine.record.pid, state, [used, disk], setsClock);
  } finally {
    await rm(disk);
  }
}
