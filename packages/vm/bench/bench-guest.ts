import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import {
  createVm,
  cutLayer,
  deleteVm,
  restoreVm,
  startVm,
  Vm,
  type VmHost,
  type VmOrigin,
  type VmProgress,
} from '@goqemu/vm';
import { ownBytes } from '../../../scripts/bench/own-bytes.ts';

const gibibyte = 2 ** 30;

/** Milliseconds from the beginning of a restore, and bytes that QEMU has for itself after the first command. */
export interface MeasuredRestore {
  readonly running: number;
  readonly command: number;
  readonly ssh: number;
  readonly own: number;
}

/** One machine, and what is measured on it. */
export class BenchGuest implements AsyncDisposable {
  readonly vm: Vm;
  #session: GuestSession;
  #machine: Machine | undefined;
  #running = 0;

  private constructor(vm: Vm, session: GuestSession) {
    this.vm = vm;
    this.#session = session;
  }

  static async make(host: VmHost, name: string, memory: number, origin: VmOrigin): Promise<BenchGuest> {
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
        display: false,
        user: 'debian',
        identity: {
          hostname: name,
          instanceId: `i-${name}`,
          mac: '52:54:00:be:0c:04',
          machineId: 'be0c4be0c4be0c4be0c4be0c4be0c4be',
          sshPort: 29_000 + Math.floor(Math.random() * 1000),
        },
        forwards: {},
        timeouts: {},
      },
    );
    await createVm(vm, origin, {});
    return new BenchGuest(vm, await vm.openSession());
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
    const options = { key: this.key(name), ram: true, descriptions: [] };
    return cutLayer({ vm: this.vm, machine: await this.machine(), session: this.#session, options }, {});
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

  /** @throws Error where the script does not end with 0 */
  async run(script: string): Promise<void> {
    await using agent = await (await this.machine()).agent({ timeoutMs: 30_000 });
    const { exitCode, stderr } = await agent.exec({ path: '/bin/sh', args: ['-c', script], timeoutMs: 300_000 });
    if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}: ${stderr}`);
  }

  /** Restores, and is asked for its first command by the agent, then for its first one over SSH. */
  async measuredRestore(name: string): Promise<MeasuredRestore> {
    const begun = performance.now();
    await this.restore(name);
    await this.command();
    const command = performance.now() - begun;
    const own = await ownBytes((await this.machine()).record.pid);
    const sshBegun = performance.now();
    await this.#session.exec(['true'], { label: 'true', timeoutMs: 60_000 });
    return { running: this.#running, command, own, ssh: command + performance.now() - sshBegun };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
    await this.#machine?.close();
    await deleteVm(this.vm, {});
  }
}
