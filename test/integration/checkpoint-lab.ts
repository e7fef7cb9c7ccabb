import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPlatform, type Logger } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine, QemuInstallation } from '@goqemu/machine';
import {
  type CutOptions,
  collectLayers,
  createVm,
  createVmHost,
  cutLayer,
  deleteVm,
  type HostRoom,
  restoreVm,
  startVm,
  Vm,
  type VmCall,
  type VmHost,
  type VmOrigin,
  type VmProgress,
  type VmSpec,
} from '@goqemu/vm';
import { tinyImage } from '../e2e/tiny-image.ts';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));
const lineage = '0123456789ab';

export interface LabOptions {
  /** Opens a lab that another process made. */
  readonly folder?: string;
  readonly qemuPath?: string;
  /** The host system that it is taken for. Default: this one. */
  readonly system?: 'linux' | 'darwin';
  /** What QEMU's build is taken to lack. */
  readonly without?: { readonly objects?: readonly string[]; readonly migrationCapabilities?: readonly string[] };
  readonly firmware?: VmSpec['firmware'];
  readonly room?: Partial<HostRoom>;
  readonly logger?: Logger;
  /** Bytes. Default: 256 MiB. */
  readonly memory?: number;
  /** Bytes. Default: 2 GiB. */
  readonly disk?: number;
}

/** A home of its own with machines that run the tiny guest; disposing of it leaves nothing behind. */
export class CheckpointLab implements AsyncDisposable {
  readonly folder: string;
  readonly host: VmHost;
  readonly lineage = lineage;
  readonly #memory: number;
  readonly #disk: number;
  readonly #firmware: VmSpec['firmware'];
  readonly #made = new Map<string, { readonly vm: Vm; readonly session: GuestSession }>();
  readonly notices: string[] = [];

  private constructor(folder: string, options: LabOptions) {
    this.folder = folder;
    this.#memory = options.memory ?? 2 ** 28;
    this.#disk = options.disk ?? 2 ** 31;
    this.#firmware = options.firmware ?? 'bios';
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: folder } };
    const usual = createVmHost({ platform }).room;
    const host = createVmHost({
      platform,
      room: { ...usual, ...options.room },
      ...(options.qemuPath ? { qemuPath: options.qemuPath } : {}),
      ...(options.logger ? { logger: options.logger } : {}),
    });
    this.host = {
      ...host,
      // On macOS sockets are in the home folder.
      platform: { ...platform, ...(options.system ? { system: options.system, homeFolder: folder } : {}) },
      installation: async (arch, signal) => lessThan(await host.installation(arch, signal), options.without),
    };
  }

  static async open(options: LabOptions = {}): Promise<CheckpointLab> {
    await mkdir(join(cache, 'e2e'), { recursive: true });
    return new CheckpointLab(options.folder ?? (await mkdtemp(join(cache, 'e2e/checkpoints-'))), options);
  }

  /** The same home, seen by a host that differs. */
  as(options: LabOptions): Promise<CheckpointLab> {
    return CheckpointLab.open({
      memory: this.#memory,
      disk: this.#disk,
      firmware: this.#firmware,
      ...options,
      folder: this.folder,
    });
  }

  readonly call: VmCall = {
    signal: AbortSignal.timeout(3_600_000), // of all that a test file does: hosts are slow
    onProgress: (progress: VmProgress) => {
      if (progress.kind === 'notice') this.notices.push(`${progress.code}: ${progress.message}`);
    },
  };

  /** A machine of this lab that has been made. */
  async vm(name: string): Promise<{ readonly vm: Vm; readonly session: GuestSession }> {
    const known = this.#made.get(name);
    if (known) return known;
    const vm = this.#vm(name);
    const made = { vm, session: await vm.openSession() };
    this.#made.set(name, made);
    return made;
  }

  #vm(name: string): Vm {
    return new Vm(this.host, { lineage, labFolder: join(this.folder, 'labs', `lab-${lineage}`) }, this.#spec(name));
  }

  #spec(name: string): VmSpec {
    const digest = createHash('sha256').update(`${this.folder}/${name}`).digest('hex');
    return {
      name,
      arch: 'amd64',
      firmware: this.#firmware,
      accelerator: 'tcg',
      memory: this.#memory,
      cpus: 1,
      disk: this.#disk,
      display: false,
      user: 'debian',
      identity: {
        hostname: name,
        instanceId: `i-${digest.slice(0, 12)}`,
        mac: `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`,
        machineId: digest.slice(0, 32),
        sshPort: 20_000 + (Number.parseInt(digest.slice(0, 4), 16) % 10_000),
      },
      forwards: {},
      timeouts: {},
    };
  }

  /** Makes a machine, of the tiny guest by default, and does not start it. */
  async create(name: string, from?: VmOrigin): Promise<void> {
    const tiny = { image: await tinyImage(), format: 'qcow2', guestAgent: 'included' } as const;
    await createVm(this.#vm(name), from ?? tiny, this.call);
  }

  /** Makes and starts a machine; of the tiny guest by default. */
  async boot(name = 'web', from?: VmOrigin): Promise<Machine> {
    await this.create(name, from);
    const { vm, session } = await this.vm(name);
    return startVm(vm, session, this.call);
  }

  async cut(key: string, machine: Machine | undefined, more: Partial<CutOptions> = {}, name = 'web') {
    const { vm, session } = await this.vm(name);
    return cutLayer(
      { vm, machine, session, options: { key: keyOf(key), ram: true, descriptions: [key], ...more } },
      this.call,
    );
  }

  /** Removes every layer that neither a machine nor one of these needs. */
  async collect(keep: readonly string[]) {
    const { layers, folders } = this.host;
    return collectLayers({ store: layers, labsFolder: folders.labs, lineage, keep: keep.map(keyOf) });
  }

  async restore(key: string, name = 'web'): Promise<Machine> {
    const { vm, session } = await this.vm(name);
    return restoreVm(vm, keyOf(key), session, this.call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { vm, session } of this.#made.values()) {
      await session.close();
      await deleteVm(vm, {});
    }
    await rm(this.host.layers.memoryFolder, { recursive: true, force: true });
    await rm(this.folder, { recursive: true, force: true });
  }
}

function lessThan(installation: QemuInstallation, without: LabOptions['without'] = {}): QemuInstallation {
  const { features } = installation;
  const left = (all: readonly string[], lacking: readonly string[] = []) =>
    all.filter((name) => !lacking.includes(name));
  const objects = left(features.objects, without.objects);
  const migrationCapabilities = left(features.migrationCapabilities, without.migrationCapabilities);
  return { ...installation, features: { ...features, objects, migrationCapabilities } };
}

/** Keys are digests; in tests they are of names. */
export function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** Processes of QEMU whose disks are in the lab's folder. */
export function qemusOf(lab: CheckpointLab): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const line = commandLine(pid);
    return /qemu-system/.test(line) && line.includes(lab.folder);
  });
}

/** Empty for a process that has ended. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Runs a script as root through the guest's agent. */
export async function inGuest(machine: Machine, script: string): Promise<string> {
  await using agent = await machine.agent({ timeoutMs: 30_000 });
  const result = await agent.exec({ path: '/bin/sh', args: ['-c', script], timeoutMs: 60_000 });
  if (result.exitCode !== 0) throw new Error(`${script}\nended with ${result.exitCode}: ${result.stderr}`);
  return result.stdout.trim();
}

/** A process that counts in memory, and writes where it is into a tmpfs. */
export const counter =
  '(setsid sh -c "i=0; while :; do i=\\$((i+1)); echo \\$i > /dev/shm/count; sleep 0.05; done" < /dev/null > /dev/null 2>&1 &)';
