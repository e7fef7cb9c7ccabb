import { basename, dirname } from 'node:path';
import { diskFile, type Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { VmState } from '../vm/vm-state.ts';
import { diskId } from './machine-configuration.ts';

/** Where a cut was interrupted after QEMU had been asked to move, only QEMU knows which disk it writes to. */
export async function settledState(vm: Vm, machine: Machine | undefined, call: VmCall): Promise<VmState> {
  const state = await vm.state();
  const file = machine && (await diskFile(machine.qmp, diskId, call.signal));
  if (!file || dirname(file) !== vm.folder.path || basename(file) === state.disk) return state;
  return vm.update({ disk: basename(file) });
}
