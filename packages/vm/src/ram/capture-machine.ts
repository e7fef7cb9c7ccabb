import { captureRam, type Machine, type RamCapture } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { ramLimit } from './checkpoint-road.ts';

/** How the RAM of a machine gets into two files; undefined, with a notice that says why, where it cannot. */
export async function captureMachine(
  vm: Vm,
  machine: Machine,
  files: { readonly ram: string; readonly state: string },
  call: VmCall,
): Promise<RamCapture | undefined> {
  const { pid, runtimeFolder, accelerator } = machine.record;
  const { baseState } = await vm.state();
  const limit = ramLimit({ ...vm.spec, accelerator: accelerator as 'tcg' });
  const capture = limit
    ? undefined
    : await captureRam({
        pid,
        monitor: machine.qmp,
        memory: vm.spec.memory,
        ...(baseState ? { base: vm.folder.file(baseState) } : {}),
        ram: files.ram,
        state: files.state,
        socketFolder: runtimeFolder,
        ...(call.signal ? { signal: call.signal } : {}),
      });
  if (!capture) {
    call.onProgress?.({
      kind: 'notice',
      code: 'ram-not-kept',
      message: `${vm.spec.name}: the checkpoint holds the disk alone, and restoring it boots: ${limit ?? 'this host does not let the RAM be reached from outside QEMU'}`,
    });
  }
  return capture;
}
