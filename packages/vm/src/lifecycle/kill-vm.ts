import { basename } from 'node:path';
import {
  hostProcessTable,
  isAlive,
  type ProcessIdentity,
  sleep,
  statIfThere,
  systemErrorCode,
  withDeadline,
} from '@goqemu/core';
import {
  hostCommandLines,
  identityOf,
  type MachineRecord,
  ownRuntimeFolder,
  removeRuntimeFiles,
} from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { readVmState } from '../vm/vm-state.ts';

/**
 * Ends the machine's QEMU at once, without asking the guest: for a machine that goes away or back to a checkpoint.
 * One that was started by a goqemu that died before it could write that down is found by its sockets.
 */
export async function killVm(vm: Vm, call: VmCall): Promise<void> {
  const state = await readVmState(vm.folder.state);
  if (state?.machine) await killRecorded(vm, state.machine, call);
  for (const folder of vm.runtimeFolders) await endStray(vm, folder, call);
  if (state?.machine) await vm.update({ machine: undefined, baseState: undefined });
}

/** Ends the QEMU of a record, and removes its sockets: quicker than looking for it among all processes. */
export async function killRecorded(vm: Vm, record: MachineRecord, call: VmCall): Promise<void> {
  await endQemu(identityOf(record), vm.spec.name, call);
  await removeRuntimeFiles(record.runtimeFolder);
}

/** Ends every QEMU of the machine but the one that it has on record. */
export async function killOthers(vm: Vm, call: VmCall): Promise<void> {
  const { machine } = await vm.state();
  for (const folder of vm.runtimeFolders) if (folder !== machine?.runtimeFolder) await endStray(vm, folder, call);
}

/** Ends a QEMU that has its sockets in a runtime folder of the machine, and removes them. */
export async function endStray(vm: Vm, folder: string, call: VmCall): Promise<void> {
  if (!(await statIfThere(folder))) return;
  const processes = hostProcessTable();
  const commandLines = hostCommandLines();
  for (const pid of await commandLines.containing(basename(folder))) {
    const identity = await processes.identify(pid);
    const argv = (await commandLines.of(pid)) ?? [];
    const own = await ownRuntimeFolder(argv);
    // The folder's name is 12 digits that nothing else has; what is before it may be behind a symbolic link.
    const isItsOwn = own !== undefined && basename(own) === basename(folder) && /qemu/.test(basename(argv[0] ?? ''));
    if (identity && isItsOwn) await endQemu(identity, vm.spec.name, call);
  }
  await removeRuntimeFiles(folder);
}

/** SIGKILL needs no answer from QEMU: it also ends one that is stopped or hangs. */
export async function endQemu(identity: ProcessIdentity, name: string, call: VmCall): Promise<void> {
  const processes = hostProcessTable();
  await withDeadline(`ending the QEMU of ${name}`, 10_000, call.signal, async (signal) => {
    while (await isAlive(identity, processes)) {
      try {
        process.kill(identity.pid, 'SIGKILL');
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error;
      }
      await sleep(5, signal);
    }
  });
}
