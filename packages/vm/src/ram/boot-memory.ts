import { formatByteSize, GoqemuError, type ProcessIdentity, systemErrorCode } from '@goqemu/core';
import { isQemuAtLeast, type MachineConfigInput, type QemuInstallation } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { checkMemory } from './host-room.ts';
import { keepRoom, type PromisedOn } from './ram-room.ts';
import { ramFileObstacle } from './ram-strategy.ts';

type MemoryBackend = NonNullable<MachineConfigInput['memoryBackend']>;

/** Where Linux has memory that has a path (tmpfs). */
const memoryFolder = '/dev/shm';

/** Memory for a machine that is about to start. Disposing of it gives its room back, unless a QEMU has it by then. */
export interface BootMemory extends AsyncDisposable {
  /** Undefined where RAM is not reached from outside: there it is QEMU's own affair. */
  readonly backend: MemoryBackend | undefined;
  handOver(machine: ProcessIdentity): Promise<void>;
}

/**
 * How a machine that boots holds its RAM, so that a checkpoint reaches it from outside: in a memfd, which needs no room
 * in any file system. Since QEMU 8.1 `x-ignore-shared` leaves out only what has a path (commit b0182e537e): there it is
 * a file that QEMU makes in the folder it is given and unlinks at once, in memory where there is room, else beside the
 * disk. Its room is kept from here on.
 *
 * @param needed bytes that the guest takes at once; it may take all of its memory later
 * @throws GoqemuError `no-memory`, `no-room`, before anything was started
 */
export async function bootMemory(
  vm: Vm,
  installation: QemuInstallation,
  { needed, runtimeFolder }: { readonly needed: number; readonly runtimeFolder: string },
  call: VmCall,
): Promise<BootMemory> {
  await checkMemory(vm.host, vm.spec.name, needed);
  if (ramFileObstacle(vm.host, installation) !== undefined) return withoutRoom(undefined);
  if (!isQemuAtLeast(installation.version, 8, 1)) return withoutRoom({ kind: 'memfd', share: true });
  let folder = memoryFolder;
  const room = await keepRoom(
    vm,
    runtimeFolder,
    async (promisedOn) => {
      folder = await roomyFolder(vm, promisedOn);
      return folder;
    },
    call,
  );
  return {
    backend: { kind: 'file', path: folder, share: true },
    handOver: room.handOver,
    [Symbol.asyncDispose]: () => room[Symbol.asyncDispose](),
  };
}

/** Memory that needs no room in a file system. */
export function withoutRoom(backend: MemoryBackend | undefined): BootMemory {
  return { backend, handOver: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
}

/**
 * @throws GoqemuError `no-room`
 */
async function roomyFolder(vm: Vm, promisedOn: PromisedOn): Promise<string> {
  const { name, memory } = vm.spec;
  const free = async (folder: string) => (await vm.host.room.disk(folder)) - (await promisedOn(folder));
  const inMemory = await free(memoryFolder).catch(noSuchFolder);
  if (inMemory >= memory) return memoryFolder;
  const besideDisk = await free(vm.folder.path);
  if (besideDisk >= memory) return vm.folder.path;
  throw new GoqemuError({
    code: 'no-room',
    source: 'environment',
    subject: name,
    message: `there is no room for the memory of ${name}: it takes up to ${formatByteSize(memory)}, and of ${memoryFolder} ${formatByteSize(Math.max(0, inMemory))} are left, of ${vm.folder.path} ${formatByteSize(Math.max(0, besideDisk))}`,
    hint: 'nothing was started; stop another machine, give this one less memory, or make room',
    data: { needed: memory, inMemory, besideDisk },
  });
}

/** A container may have none. */
function noSuchFolder(error: unknown): number {
  if (systemErrorCode(error) === 'ENOENT') return 0;
  throw error;
}
