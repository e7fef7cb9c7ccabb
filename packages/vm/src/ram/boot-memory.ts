import { systemErrorCode } from '@goqemu/core';
import { isQemuAtLeast, type MachineConfigInput, type QemuInstallation } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import { ramFileHindrance } from './checkpoint-road.ts';

type MemoryBackend = NonNullable<MachineConfigInput['memoryBackend']>;

/** Where Linux has memory that has a path (tmpfs). */
const memoryFolder = '/dev/shm';

/**
 * How a machine that boots holds its RAM, so that a checkpoint reaches it from outside: in a memfd, which needs no room
 * in any file system. Since QEMU 8.1 `x-ignore-shared` leaves out only what has a path (commit b0182e537e): there it is
 * a file that QEMU makes in the folder it is given and unlinks at once, in memory where there is room, else beside the
 * disk. Undefined where RAM is not reached from outside: there it is QEMU's own affair.
 */
export async function bootMemory(vm: Vm, installation: QemuInstallation): Promise<MemoryBackend | undefined> {
  if (ramFileHindrance(vm.host, installation) !== undefined) return undefined;
  if (!isQemuAtLeast(installation.version, 8, 1)) return { kind: 'memfd', share: true };
  const free = await vm.host.room.disk(memoryFolder).catch(noSuchFolder);
  const inMemory = free >= vm.spec.memory;
  return { kind: 'file', path: inMemory ? memoryFolder : vm.folder.path, share: true };
}

/** A container may have none. */
function noSuchFolder(error: unknown): number {
  if (systemErrorCode(error) === 'ENOENT') return 0;
  throw error;
}
