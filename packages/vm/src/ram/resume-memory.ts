import { readFile, stat } from 'node:fs/promises';
import { GoqemuError, hasErrorCode } from '@goqemu/core';
import {
  copyRam,
  findGuestRam,
  hasFixedRomsOnly,
  type Machine,
  mayReadMemory,
  parseStateStream,
  type QemuInstallation,
} from '@goqemu/machine';
import type { RamFiles } from '../layers/layer-manifest.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { type BootMemory, bootMemory, withoutRoom } from './boot-memory.ts';
import { checkMemory } from './host-room.ts';

/** How the RAM of a checkpoint becomes a machine's. */
export interface ResumeMemory extends BootMemory {
  /**
   * `copy-on-write`: pages are the checkpoint's until the guest writes to them. `copy`: they are copied before it runs,
   * for machines that could not be saved again otherwise. `whole`: QEMU reads them with the devices.
   */
  readonly kind: 'copy-on-write' | 'copy' | 'whole';
  /** Brings the pages into a machine that waits for its state. */
  fill(machine: Machine, signal?: AbortSignal): Promise<void>;
}

/** The RAM of a checkpoint, and the QEMU that is to have it. */
export interface MemorySource {
  readonly installation: QemuInstallation;
  readonly files: RamFiles;
  readonly runtimeFolder: string;
}

/**
 * Copy-on-write is quicker, and its pages are shared by all machines from one checkpoint; but QEMU can save such a
 * machine without sending all of its RAM only as goqemu does it: devices by `xen-save-devices-state`, and the pages
 * that were written to read from outside. Where one of these cannot be, the RAM is copied.
 */
export async function resumeMemory(
  vm: Vm,
  { installation, files, runtimeFolder }: MemorySource,
  call: VmCall,
): Promise<ResumeMemory> {
  if (files.form === 'devices' && (await canSaveAgain(vm, installation, files.state))) {
    await checkMemory(vm.host, vm.spec.name, 0); // its pages are the checkpoint's: QEMU itself is what is new
    const backend = { kind: 'file', path: files.ram, share: false, readonly: true } as const;
    return { ...withoutRoom(backend), kind: 'copy-on-write', fill: async () => undefined };
  }
  const needed = (await stat(files.ram)).blocks * 512;
  const memory = await bootMemory(vm, installation, { needed, runtimeFolder }, call);
  if (files.form !== 'devices') return { ...memory, kind: 'whole', fill: async () => undefined };
  return {
    ...memory,
    kind: 'copy',
    fill: async (machine, signal) => {
      const target = await findGuestRam(machine.record.pid, vm.spec.memory);
      if (target?.kind !== 'shared') throw notReached(vm.spec.name);
      await copyRam(files.ram, target.path, signal ? { signal } : {});
    },
  };
}

async function canSaveAgain(vm: Vm, { features }: QemuInstallation, stateFile: string): Promise<boolean> {
  if (!features.commands.includes('xen-save-devices-state') || !(await mayReadMemory(vm.host.platform))) return false;
  try {
    return hasFixedRomsOnly(parseStateStream(await readFile(stateFile)));
  } catch (error) {
    if (hasErrorCode(error, 'state-stream-unknown')) return false;
    throw error;
  }
}

function notReached(name: string): GoqemuError {
  return new GoqemuError({
    code: 'ram-not-shared',
    source: 'environment',
    subject: name,
    message: `the RAM of machine ${name} cannot be reached from outside its QEMU on this host`,
    hint: 'checkpoints hold the disk only here',
  });
}
