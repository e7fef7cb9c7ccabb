import { rm } from 'node:fs/promises';
import { attachMachine, findStrayMachine, type MachineRecord } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { readVmState } from '../vm/vm-state.ts';

/**
 * Ends the machine's QEMU at once, without asking the guest: for a machine that goes away or back to a checkpoint.
 * One that was started by a goqemu that died before it could write that down is found by its sockets.
 */
export async function killVm(vm: Vm, call: VmCall): Promise<void> {
  const state = await readVmState(vm.folder.state);
  const signal = call.signal ? { signal: call.signal } : {};
  const record = (state?.machine as unknown as MachineRecord | undefined) ?? (await findStrayMachine(vm.runtimeFolder, signal));
  if (record) {
    const machine = await attachMachine(record, signal).catch(() => undefined); // gone, or another process by now
    await machine?.kill();
    await machine?.close();
  }
  await rm(vm.runtimeFolder, { recursive: true, force: true });
  if (state?.machine) await vm.update({ machine: undefined });
}
