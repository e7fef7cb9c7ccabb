/**
 * Checkpoints of a Debian 12 guest beside what QEMU itself offers, on the same guest in the same run: `savevm` and
 * `loadvm`, a cold boot, and a bare script that restores a RAM file. Absolute times are the machine's of the day.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPlatform } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import { createOverlay, type Machine } from '@goqemu/machine';
import { ensureTinyGuest } from '@goqemu/testing';
import {
  createVm,
  createVmHost,
  cutLayer,
  deleteVm,
  forkLayer,
  restoreVm,
  startVm,
  Vm,
  type VmHost,
  type VmOrigin,
  type VmProgress,
} from '@goqemu/vm';
import type { BenchReport, BenchRow } from '../../../scripts/run/bench-row.ts';
import { type BareRestore, bareRestore } from './bare-restore.ts';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));
const gibibyte = 2 ** 30;

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
    await sizeRows(host, report, quick);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function debianRows(host: VmHost, origin: VmOrigin, report: BenchReport, quick: boolean): Promise<void> {
  const turns = quick ? 3 : 7;
  await using guest = await Guest.make(host, 'debian', gibibyte, origin);
  const boot = await timed(() => guest.start());
  await guest.command();
  const first = await guest.cut('1');
  const ramBytes = await host.layers.bytes(first.layer);
  const restores: Awaited<ReturnType<Guest['restores']>> = [];
  const bares: BareRestore[] = [];
  // In turns, so that both see the same load.
  for (let turn = 0; turn < turns; turn++) {
    restores.push(...(await guest.restores('1', 1)));
    bares.push(await bareRun(guest, '1'));
  }
  const bare = { running: median(bares.map((run) => run.running)), command: median(bares.map((run) => run.command)) };
  const running = median(restores.map((run) => run.running));
  const command = median(restores.map((run) => run.command));
  const ssh = median(restores.map((run) => run.ssh));
  const later: number[] = [];
  for (let turn = 0; turn < (quick ? 1 : 3); turn++) {
    await guest.restore('1');
    await guest.command();
    later.push((await guest.cut(`later ${turn}`)).pauseMs);
  }
  const rows = await forkRows(guest, quick ? [1, 2] : [1, 2, 4, 8]);
  // Last: loading touches every page of the guest's memory.
  await guest.restore('1');
  const own = await savevm(guest, quick ? 1 : 3);
  const ms = { unit: 'ms' };
  report({
    name: 'pause of the first checkpoint, to savevm',
    ...ms,
    value: first.pauseMs,
    baseline: own.save,
    aim: '≤ 300 ms',
  });
  report({
    name: 'pause of one after a restore, to the first',
    ...ms,
    value: median(later),
    baseline: first.pauseMs,
    aim: '≤ 1 ×',
  });
  report({ name: 'restore to running, to loadvm', ...ms, value: running, baseline: own.load, aim: '≤ 0.2 ×' });
  report({ name: 'restore to running, to the bare script', ...ms, value: running, baseline: bare.running });
  report({
    name: 'restore to the first guest command, to the bare script',
    ...ms,
    value: command,
    baseline: bare.command,
    aim: '≤ 1.25 ×',
  });
  report({
    name: 'restore to the first guest command, to a boot',
    ...ms,
    value: command,
    baseline: boot,
    aim: '≤ 0.01 ×',
  });
  report({ name: 'restore to the first SSH command, to a boot', ...ms, value: ssh, baseline: boot });
  report({
    name: 'room on disk of a checkpoint, to the memory of the guest',
    unit: 'MiB',
    value: ramBytes / 2 ** 20,
    baseline: gibibyte / 2 ** 20,
  });
  for (const row of rows) report(row);
}

/** The time to running may not grow with the memory of the guest; the tiny guest uses the same of 1 GiB and of 4. */
async function sizeRows(host: VmHost, report: BenchReport, quick: boolean): Promise<void> {
  const { path } = await ensureTinyGuest({ cacheFolder: join(cache, 'tiny-guest') });
  const origin = { image: path, format: 'qcow2', guestAgent: 'included' } as const;
  await using one = await Guest.make(host, 'tiny-1', gibibyte, origin);
  await using four = await Guest.make(host, 'tiny-4', 4 * gibibyte, origin);
  const times = { one: [] as number[], four: [] as number[] };
  for (const guest of [one, four]) {
    await guest.start();
    await guest.cut('size');
  }
  // In turns, so that both see the same load.
  for (let turn = 0; turn < (quick ? 5 : 9); turn++) {
    times.one.push(...(await one.restores('size', 1)).map((run) => run.running));
    times.four.push(...(await four.restores('size', 1)).map((run) => run.running));
  }
  report({
    name: 'restore to running with 4 GiB, to 1 GiB',
    unit: 'ms',
    value: median(times.four),
    baseline: median(times.one),
    aim: '≤ 1.3 ×',
  });
}

async function forkRows(guest: Guest, counts: readonly number[]): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  let alone = 0;
  for (const count of counts) {
    const begun = performance.now();
    await using forks = await forkLayer(guest.vm.host, guest.key('1'), { count }, {});
    const took = performance.now() - begun;
    const sizes = await Promise.all(forks.map(({ machine }) => ownBytes(machine.record.pid)));
    const last = sizes.at(-1) ?? 0;
    // The first brings the RAM file into memory, where the others find it.
    if (count === 1) alone = last + (await guest.ramBytes('1'));
    rows.push({ name: `${count} forks to all ready`, unit: 'ms', value: took });
    rows.push({
      name: `memory that the ${count}. fork adds, to that of the first with the RAM file`,
      unit: 'MiB',
      value: last / 2 ** 20,
      baseline: alone / 2 ** 20,
      ...(count === 8 ? { aim: '≤ 0.4 ×' } : {}),
    });
  }
  return rows;
}

/** Pages that are this process's own: `/proc/PID/smaps_rollup` (proc(5)). */
async function ownBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  return (kilobytes('Private_Clean') + kilobytes('Private_Dirty')) * 1024;
}

async function savevm(guest: Guest, turns: number): Promise<{ save: number; load: number }> {
  const save: number[] = [];
  const load: number[] = [];
  const machine = await guest.machine();
  const human = async (command: string) => {
    const said = await machine.qmp.humanMonitor(command, { timeoutMs: 300_000 });
    if (said.trim()) throw new Error(said);
  };
  for (let turn = 0; turn < turns; turn++) {
    save.push(await timed(() => human('savevm bench')));
    load.push(await timed(() => human('loadvm bench')));
    await human('delvm bench');
  }
  return { save: median(save), load: median(load) };
}

/** The arguments are those of the machine, which has just been restored. */
async function bareRun(guest: Guest, name: string): Promise<BareRestore> {
  const { vm } = guest;
  const machine = await guest.machine();
  const layer = await vm.host.layers.get(guest.key(name));
  const disk = vm.folder.file('bare.qcow2');
  await createOverlay(disk, { qemuImg: '', backing: join(layer.folder, layer.manifest.disk.name) });
  try {
    const used = vm.folder.file((await vm.state()).disk);
    return await bareRestore(machine.record.pid, vm.host.layers.ramFiles(layer).state, [used, disk]);
  } finally {
    await rm(disk);
  }
}

/** One machine, and what is measured on it. */
class Guest implements AsyncDisposable {
  readonly vm: Vm;
  #session: GuestSession;
  #machine: Machine | undefined;
  #running = 0;

  private constructor(vm: Vm, session: GuestSession) {
    this.vm = vm;
    this.#session = session;
  }

  static async make(host: VmHost, name: string, memory: number, origin: VmOrigin): Promise<Guest> {
    const vm = new Vm(
      host,
      { lineage: 'be0c4be0c4be', labFolder: join(host.folders.labs, 'bench') },
      {
        name,
        arch: 'amd64',
        firmware: 'bios',
        accelerator: 'auto',
        memory,
        cpus: 2,
        disk: 10 * gibibyte,
        user: 'debian',
        identity: {
          hostname: name,
          instanceId: `i-${name}`,
          mac: '52:54:00:be:0c:04',
          machineId: 'be0c4be0c4be0c4be0c4be0c4be0c4be',
          sshPort: 29_000 + Math.floor(Math.random() * 1000),
        },
        forwards: {},
      },
    );
    await createVm(vm, origin, {});
    return new Guest(vm, await vm.openSession());
  }

  key(name: string): string {
    return createHash('sha256').update(`${this.vm.spec.name} ${name}`).digest('hex');
  }

  /** What the RAM file of a layer takes, holes left out. */
  async ramBytes(name: string): Promise<number> {
    const { layers } = this.vm.host;
    return (await stat(layers.ramFiles(await layers.get(this.key(name))).ram)).blocks * 512;
  }

  async machine(): Promise<Machine> {
    this.#machine ??= await this.vm.machine();
    return this.#machine;
  }

  async start(): Promise<void> {
    this.#machine = await startVm(this.vm, this.#session, {});
  }

  async cut(name: string) {
    return cutLayer(
      this.vm,
      await this.machine(),
      this.#session,
      { key: this.key(name), ram: true, descriptions: [] },
      {},
    );
  }

  async restore(name: string): Promise<void> {
    const begun = performance.now();
    await this.#machine?.close();
    const onProgress = (progress: VmProgress) => {
      if (progress.kind === 'notice') throw new Error(progress.message);
      if (progress.stage === 'restore' && progress.status === 'done') this.#running = performance.now() - begun;
    };
    this.#machine = await restoreVm(this.vm, this.key(name), this.#session, { onProgress });
  }

  async command(): Promise<void> {
    await using agent = await (await this.machine()).agent({ timeoutMs: 30_000 });
    await agent.exec({ path: '/bin/true', timeoutMs: 30_000 });
  }

  async restores(name: string, turns: number): Promise<{ running: number; command: number; ssh: number }[]> {
    const runs: { running: number; command: number; ssh: number }[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const begun = performance.now();
      await this.restore(name);
      await this.command();
      const command = performance.now() - begun;
      await this.#session.exec(['true'], { label: 'true', timeoutMs: 60_000 });
      runs.push({ running: this.#running, command, ssh: performance.now() - begun });
    }
    return runs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
    await this.#machine?.close();
    await deleteVm(this.vm, {});
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
