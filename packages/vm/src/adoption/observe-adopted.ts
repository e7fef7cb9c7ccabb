import { probeMachine } from '@goqemu/machine';
import { unresponsive, type VmObservation } from '../lifecycle/observe-vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { AdoptedRecord } from './adopted-record.ts';

/** Checks a machine that was started outside goqemu: whether it is the same QEMU still, and what it does. */
export async function observeAdopted(record: AdoptedRecord, call: VmCall): Promise<VmObservation> {
  const status = await probeMachine(record.machine, call.signal ? { signal: call.signal } : {});
  const { pid, accelerator } = record.machine;
  switch (status) {
    case 'running':
      return { status, pid, accelerator };
    case 'paused':
    case 'prelaunch':
    case 'suspended':
      return { status: 'paused', pid, accelerator };
    case 'gone':
      return { status: 'absent', reason: `the imported QEMU has ended; its disk ${record.disk} is untouched` };
    case 'unresponsive':
      return { status: 'unresponsive', reason: unresponsive, pid, accelerator };
    default:
      return { status: 'crashed', reason: `its QEMU is in the state "${status}"`, pid, accelerator };
  }
}
