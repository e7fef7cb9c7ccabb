import { dropSuspension } from '../suspension/suspension.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { killVm } from './kill-vm.ts';
import { reachMachine } from './reach-machine.ts';
import { stopLimits } from './time-limits.ts';

/** Shuts the guest down by the ladder: agent, ACPI, quit, SIGTERM, SIGKILL. Does nothing when it is not running. */
export async function stopVm(vm: Vm, call: VmCall): Promise<void> {
  const machine = await reachMachine(vm, call);
  try {
    // A guest that stands still cannot be asked, and would lose what it has not written yet.
    if (machine && (await machine.status()) === 'paused') await machine.resume();
    await machine?.stop({
      timeouts: stopLimits(vm.host, vm.spec.timeouts),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  } finally {
    await machine?.close();
  }
  await killVm(vm, call); // clears sockets and the record
  await dropSuspension(vm);
  // With no QEMU on any of them, the folder's own word decides: a cut that was killed may have left an overlay.
  const { disk, variables } = await vm.state();
  await vm.folder.keepOnly({ disk, variables });
}
