import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';

/** Records a QEMU in the machine's folder as soon as it runs. */
export async function writeDown(vm: Vm, machine: Machine): Promise<void> {
  await vm.update({ machine: { ...machine.record }, ready: undefined });
}
