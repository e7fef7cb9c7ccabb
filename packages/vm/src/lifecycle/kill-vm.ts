import { join } from 'node:path';
import {
  hasErrorCode,
  hostProcessTable,
  isAlive,
  type ProcessIdentity,
  sleep,
  systemErrorCode,
  withDeadline,
} from '@goqemu/core';
import { attachMachine, identityOf, type MachineRecord, removeRuntimeFiles } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { readVmState } from '../vm/vm-state.ts';
import { endNetwork } from './launch-vm.ts';

/**
 * Ends the machine's QEMU at once, without asking the guest: for a machine that goes away or back to a checkpoint.
 * One that was started by a goqemu that died before it could write that down is found by its sockets.
 */
export async function killVm(vm: Vm, call: VmCall): Promise<void> {
  const state = await readVmState(vm.folder.state);
  const record = state?.machine as unknown as MachineRecord | undefined;
  const identity = record ? identityOf(record) : await stray(vm, call);
  if (identity) await end(identity, vm.spec.name, call);
  await endNetwork(vm);
  await removeRuntimeFiles(vm.runtimeFolder);
  if (state?.machine) await vm.update({ machine: undefined });
}

async function stray(vm: Vm, call: VmCall): Promise<ProcessIdentity | undefined> {
  try {
    const machine = await attachMachine(
      { socketPath: join(vm.runtimeFolder, 'c') },
      call.signal ? { signal: call.signal } : {},
    );
    await machine.close();
    return identityOf(machine.record);
  } catch (error) {
    if (hasErrorCode(error, 'machine-not-found')) return undefined;
    throw error;
  }
}

/** SIGKILL needs no answer from QEMU: it also ends one that is stopped or hangs. */
async function end(identity: ProcessIdentity, name: string, call: VmCall): Promise<void> {
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
