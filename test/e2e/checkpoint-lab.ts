import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPlatform, type Logger } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { ensureTinyGuest } from '@goqemu/testing';
import {
  type CutOptions,
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
  type VmProgress,
  type VmSpec,
} from '@goqemu/vm';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));
const image = { path: '' };

/** The tiny guest's image, built once for all runs. */
async function tinyImage(): Promise<string> {
  if (image.path) return image.path;
  const cacheFolder = join(cache, 'tiny-guest');
  await mkdir(cacheFolder, { recursive: true });
  image.path = (await ensureTinyGuest({ cacheFolder })).path;
  return image.path;
}

export interface LabOptions {
  /** Opens a lab that another process made. */
  readonly folder?: string;
  readonly qemuPath?: string;
  readonly room?: Partial<HostRoom>;
  readonly logger?: Logger;
  /** Bytes; 256 MiB unless given. */
  readonly memory?: number;
}

/** A home of its own with machines that run the tiny guest; disposing of it leaves nothing behind. */
export class CheckpointLab implements AsyncDisposable {
  readonly folder: string;
  readonly host: VmHost;
  readonly #memory: number;
  readonly #made = new Map<string, { readonly vm: Vm; readonly session: GuestSession }>();
  readonly notices: string[] = [];

  private constructor(folder: string, options: LabOptions) {
    this.folder = folder;
    this.#memory = options.memory ?? 2 ** 28;
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: folder } };
    const usual = createVmHost({ platform }).room;
    this.host = createVmHost({
      platform,
      room: { ...usual, ...options.room },
      ...(options.qemuPath ? { qemuPath: options.qemuPath } : {}),
      ...(options.logger ? { logger: options.logger } : {}),
    });
  }

  static async open(options: LabOptions = {}): Promise<CheckpointLab> {
    await mkdir(join(cache, 'e2e'), { recursive: true });
    return new CheckpointLab(options.folder ?? (await mkdtemp(join(cache, 'e2e/checkpoints-'))), options);
  }

  /** The same home, seen by a host that differs. */
  as(options: LabOptions): Promise<CheckpointLab> {
    return CheckpointLab.open({ memory: this.#memory, ...options, folder: this.folder });
  }

  readonly call: VmCall = {
    signal: AbortSignal.timeout(600_000),
    onProgress: (progress: VmProgress) => {
      if (progress.kind === 'notice') this.notices.push(`${progress.code}: ${progress.message}`);
    },
  };

  /** A machine of this lab; the same port whoever asks. */
  async vm(name: string): Promise<{ readonly vm: Vm; readonly session: GuestSession }> {
    const known = this.#made.get(name);
    if (known) return known;
    const vm = new Vm(
      this.host,
      { lineage: '0123456789ab', labFolder: join(this.folder, 'labs', 'lab') },
      await this.#spec(name),
    );
    const made = { vm, session: await vm.openSession() };
    this.#made.set(name, made);
    return made;
  }

  async #spec(name: string): Promise<VmSpec> {
    const digest = createHash('sha256').update(`${this.folder}/${name}`).digest('hex');
    return {
      name,
      arch: 'amd64',
      firmware: 'bios',
      accelerator: 'tcg',
      memory: this.#memory,
      cpus: 1,
      disk: 2 ** 31,
      user: 'debian',
      identity: {
        hostname: name,
        instanceId: `i-${digest.slice(0, 12)}`,
        mac: `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`,
        machineId: digest.slice(0, 32),
        sshPort: await freePort(20_000 + (Number.parseInt(digest.slice(0, 4), 16) % 10_000)),
      },
      forwards: {},
    };
  }

  /** Boots a machine from the image. */
  async boot(name = 'web'): Promise<Machine> {
    const { vm, session } = await this.vm(name);
    await createVm(vm, { image: await tinyImage(), format: 'qcow2', guestAgent: 'included' }, this.call);
    return startVm(vm, session, this.call);
  }

  async cut(key: string, machine: Machine | undefined, more: Partial<CutOptions> = {}, name = 'web') {
    const { vm, session } = await this.vm(name);
    return cutLayer(vm, machine, session, { key: keyOf(key), ram: true, descriptions: [key], ...more }, this.call);
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
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Keys are digests; in tests they are of names. */
export function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
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

async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.once('error', () => resolve(freePort(wanted + 1)));
    server.listen(wanted, '127.0.0.1', () => resolve(wanted));
  });
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  return port;
}
