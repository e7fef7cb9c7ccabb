import type { HostNetwork } from '@goqemu/network';
import { Vm } from '@goqemu/vm';
import type { MachinePlace } from './backend-machine.ts';

/** @param network its way to the outside; QEMU's user mode by default */
export function vmAt({ host, scope, labFolder, spec }: Omit<MachinePlace, 'sessions'>, network?: HostNetwork): Vm {
  const { network: _wish, ...rest } = spec;
  return new Vm(host, { lineage: scope.lineage, labFolder }, { ...rest, ...(network ? { network } : {}) });
}
