import { isGoqemuError } from '@goqemu/core';
import type { BackendCall, MachineSpec, Preflight } from '@goqemu/lab';
import type { VmHost } from '@goqemu/vm';

/** What this host lacks for these machines. */
export async function preflight(
  host: VmHost,
  machines: readonly MachineSpec[],
  call: BackendCall,
): Promise<Preflight[]> {
  const found: Preflight[] = [];
  for (const arch of new Set(machines.map((machine) => machine.arch))) {
    try {
      await host.installation(arch, call.signal);
    } catch (error) {
      if (!isGoqemuError(error)) throw error;
      found.push({
        severity: 'error',
        code: error.code,
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
    }
  }
  return found;
}
