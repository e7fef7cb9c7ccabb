import type { BackendCall, ImportableMachine, ImportTarget } from '@goqemu/lab';
import { lookAtMachine } from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { MachinePlace } from './backend-machine.ts';
import { vmAt } from './vm-at.ts';

/** Inspects a QEMU that was started outside goqemu, and returns how it is found again. */
export async function adoptMachine(
  place: Omit<MachinePlace, 'sessions'>,
  target: ImportTarget,
  options: { readonly authorize: boolean },
  call: BackendCall,
): Promise<ImportableMachine> {
  const wanted = 'pid' in target ? target : { socketPath: target.socket };
  const { record, ...found } = await lookAtMachine(vmAt(place), wanted, options, vmCall(call));
  return { ...found, pid: record.machine.pid, record: { adopted: record } };
}
