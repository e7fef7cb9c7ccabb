import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError, type HostPlatform, makeFolders } from '@goqemu/core';
import { LayerStore } from '../layers/layer-store.ts';
import type { VmScope } from '../vm/vm.ts';
import type { VmHost } from '../vm/vm-host.ts';

/**
 * Where VMs without a lab lie: a folder for each in `~/qemu/labs/standalone`, beside it its record and its lock.
 * No lab has this folder's name: theirs end in a hyphen and twelve digits.
 */
export function standaloneFolder(host: VmHost): string {
  return join(host.folders.labs, 'standalone');
}

/** Access keys and snapshots belong to a VM's lineage: a new VM of the same name finds what was left. */
export function lineageOf(name: string): string {
  return createHash('sha256').update(`goqemu-standalone/${name}`).digest('hex').slice(0, 12);
}

export interface StandalonePlace {
  readonly host: VmHost;
  readonly scope: VmScope;
  /** The folder that `collectLayers` looks through for disks. */
  readonly labsFolder: string;
}

/**
 * Disks can take part in a layer by a second name only on one file system, so where snapshots are in RAM the VM's
 * own disk is as well.
 *
 * @throws GoqemuError `no-ram-file-system`
 */
export async function standalonePlace(host: VmHost, name: string, store: 'disk' | 'memory'): Promise<StandalonePlace> {
  const lineage = lineageOf(name);
  if (store === 'disk')
    return { host, scope: { lineage, labFolder: standaloneFolder(host) }, labsFolder: host.folders.labs };
  await checkRamFileSystem(host.platform);
  const { labs, snapshots } = memoryFolders(host);
  makeFolders(snapshots, { mode: 0o700 });
  const layers = new LayerStore(snapshots);
  return { host: { ...host, layers }, scope: { lineage, labFolder: join(labs, 'standalone') }, labsFolder: labs };
}

const ramFileSystem = '/dev/shm';

/** Folders in RAM, apart for each user and each `GOQEMU_HOME`. */
export function memoryFolders({ platform, folders }: Pick<VmHost, 'platform' | 'folders'>): {
  readonly labs: string;
  readonly snapshots: string;
} {
  const home = createHash('sha256').update(folders.home).digest('hex').slice(0, 12);
  const root = join(ramFileSystem, `goqemu-${platform.uid ?? 'user'}`, home);
  return { labs: join(root, 'labs'), snapshots: join(root, 'snapshots') };
}

/** Type of tmpfs in statfs(2). */
const tmpfs = 0x01021994;

async function checkRamFileSystem(platform: HostPlatform): Promise<void> {
  const found = platform.system === 'linux' ? await statfs(ramFileSystem).catch(() => undefined) : undefined;
  if (found?.type === tmpfs) return;
  throw new GoqemuError({
    code: 'no-ram-file-system',
    source: 'environment',
    subject: 'snapshots',
    message: "snapshots: 'memory' needs a RAM file system, and this host has none",
    detail:
      platform.system === 'linux' ? '/dev/shm is not a tmpfs' : 'goqemu knows one on Linux only: /dev/shm (tmpfs)',
    hint: "use snapshots: 'disk', which every host has",
  });
}

/**
 * A snapshot that fills the RAM file system would stop the VM in the middle of its writes.
 *
 * @throws GoqemuError `no-room`
 */
export async function checkMemoryRoom(name: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(ramFileSystem);
  const available = Math.min(bavail * bsize, await availableMemory());
  if (available >= bytes) return;
  const inMiB = (count: number) => `${Math.floor(count / 2 ** 20)} MiB`;
  throw new GoqemuError({
    code: 'no-room',
    source: 'environment',
    subject: name,
    message: `there may be no room in RAM for a snapshot of ${name}: it can take ${inMiB(bytes)}, and ${inMiB(available)} are free`,
    hint: "delete snapshots, give the VM less memory, or keep them on disk: snapshots: 'disk'",
  });
}

/** proc(5): what can be had without swapping. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
