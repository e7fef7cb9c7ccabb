import { GoqemuError } from '@goqemu/core';
import type { BackendCall, ImportableMachine, ImportTarget } from '@goqemu/lab';
import { lookAtMachine } from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { MachinePlace } from './backend-machine.ts';
import { shownProcess } from './shown-process.ts';
import { vmAt } from './vm-at.ts';

/** Inspects a QEMU that was started outside goqemu, and returns how it is found again. */
export async function adoptMachine(
  place: Omit<MachinePlace, 'sessions'>,
  target: ImportTarget,
  options: { readonly authorize: boolean },
  call: BackendCall,
): Promise<ImportableMachine> {
  const wanted = processOf(target, place.spec.name);
  const { record, ...found } = await lookAtMachine(vmAt(place), wanted, options, vmCall(call));
  const { pid } = record.machine;
  return { ...found, ...shownProcess(pid), record: { adopted: record } };
}

function processOf({ pid, socket }: ImportTarget, machine: string) {
  if (typeof pid === 'number') return { pid };
  if (typeof socket === 'string') return { socketPath: socket };
  throw new GoqemuError({
    code: 'import-refused',
    source: 'user',
    subject: machine,
    message: 'a QEMU of this host is named by its process or by the socket of its monitor',
    hint: `give one of them: goqemu import ${machine} --pid 4711`,
  });
}
