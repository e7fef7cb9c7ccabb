import { systemErrorCode } from '@goqemu/core';
import { isQemuAtLeast, type MachineConfigInput, type QemuInstallation } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';

type MemoryBackend = NonNullable<MachineConfigInput['memoryBackend']>;

/** Where Linux has memory that has a path (tmpfs). */
const memoryFolder = '/dev/shm';

/**
 * How a machine that boots holds its RAM, so that a checkpoint reaches it from outside: in a memfd, which needs no room
 * in any file system. Since QEMU 8.1 `x-ignore-shared` leaves out only what has a path (commit b0182e537e): there it is
 * a file that QEMU makes in the folder it is given and unlinks at once, in memory where there is room, else beside the
 * disk. Undefined elsewhere: such hosts keep the disk alone.
 */
export async function bootMemory(vm: Vm, { version, features }: QemuInstallation): Promise<MemoryBackend | undefined> {
  if (vm.host.platform.system !== 'linux') return undefined;
  if (!isQemuAtLeast(version, 8, 1))
    return features.objects.includes('memory-backend-memfd') ? { kind: 'memfd', share: true } : undefined;
  const free = await vm.host.room.disk(memoryFolder).catch(noSuchFolder);
  const inMemory = free >= vm.spec.memory;
  return { kind: 'file', path: inMemory ? memoryFolder : vm.folder.path, share: true };
}

/** A container may have none. */
function noSuchFolder(error: unknown): number {
  if (systemErrorCode(error) === 'ENOENT') return 0;
  throw error;
}
