import { rm } from 'node:fs/promises';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { killVm } from './kill-vm.ts';

/** Leaves no process, socket, disk or folder of the machine behind. */
export async function deleteVm(vm: Vm, call: VmCall): Promise<void> {
  await killVm(vm, call);
  await rm(vm.folder.path, { recursive: true, force: true });
}
