import type { Machine } from '@goqemu/machine';
import { startPasst } from '@goqemu/network';
import { forwardsOf } from '../vm/forwards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { networkOf } from '../vm/vm-network.ts';
import { passtSocket } from './machine-configuration.ts';

/**
 * Gives a QEMU what its network needs beside it. QEMU listens for passt, and not the other way round, so that passt
 * takes the ports only when the QEMU that had them before has gone.
 *
 * @throws GoqemuError `passt-failed`
 */
export async function connectNetwork(vm: Vm, machine: Machine, call: VmCall): Promise<void> {
  const network = networkOf(vm.spec);
  if (network.kind !== 'passt') return;
  await startPasst({
    program: network.program,
    meet: { qemu: passtSocket(machine.record.runtimeFolder) },
    log: vm.folder.file('passt.log'),
    forwards: forwardsOf(vm.spec),
    uid: vm.host.platform.uid,
    ...(call.signal ? { signal: call.signal } : {}),
  });
}
