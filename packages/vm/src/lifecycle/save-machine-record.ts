import type { Machine } from '@goqemu/machine';
import { removeSuspension } from '../suspension/suspension.ts';
import type { Vm } from '../vm/vm.ts';
import { readKeptVmState, writeVmState } from '../vm/vm-state.ts';

/** Records a QEMU that boots in the machine's folder as soon as it runs: RAM that it was suspended with is spent then. */
export async function saveMachineRecord(vm: Vm, machine: Machine): Promise<void> {
  await vm.update({ machine: { ...machine.record }, ready: undefined, suspended: undefined });
  await removeSuspension(vm.folder);
}

/** Writes the record in a machine's folder again where it is its copy that was read. */
export async function healState(vm: Vm): Promise<void> {
  const kept = readKeptVmState(vm.folder.state);
  if (kept?.damage && kept.value) await writeVmState(vm.folder.state, kept.value);
}
