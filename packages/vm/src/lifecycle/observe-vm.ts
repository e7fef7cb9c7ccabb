import { statIfThere } from '@goqemu/core';
import { type MachineRecord, probeMachine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { readVmState } from '../vm/vm-state.ts';

export interface VmObservation {
  readonly status: 'running' | 'paused' | 'stopped' | 'crashed' | 'unresponsive' | 'absent' | 'damaged';
  readonly reason?: string;
  readonly pid?: number;
  readonly layer?: string;
  readonly accelerator?: string;
}

/** Its process lives: the host is overloaded, or the process was stopped (SIGSTOP). */
export const unresponsive = 'its QEMU runs, but does not answer at the moment';

/** Looks at a machine without changing anything. */
export async function observeVm(vm: Pick<Vm, 'folder'>, call: VmCall): Promise<VmObservation> {
  const state = await readVmState(vm.folder.state);
  if (!state) return { status: 'absent' };
  const layer = state.layer ? { layer: state.layer } : {};
  const disk = vm.folder.file(state.disk);
  if (!(await statIfThere(disk))) return { status: 'damaged', reason: `its disk ${disk} is gone`, ...layer };
  if (!state.machine) return { status: 'stopped', ...layer };
  const record = state.machine as unknown as MachineRecord;
  const status = await probeMachine(record, call.signal ? { signal: call.signal } : {});
  const facts = { ...layer, pid: record.pid, accelerator: record.accelerator };
  switch (status) {
    case 'running':
      return { status, ...facts };
    case 'gone':
      return { status: 'stopped', reason: 'its QEMU has ended', ...layer };
    case 'paused':
    case 'prelaunch':
    case 'suspended':
      return { status: 'paused', ...facts };
    case 'shutdown':
      return { status: 'stopped', reason: 'the guest has shut down', ...layer };
    case 'unresponsive':
      return { status: 'unresponsive', reason: unresponsive, ...facts };
    default:
      return { status: 'crashed', reason: `its QEMU is in the state "${status}"`, ...facts };
  }
}
