import { Vm } from '@goqemu/vm';
import type { MachinePlace } from './backend-machine.ts';

export function vmAt({ host, scope, labFolder, spec }: Omit<MachinePlace, 'sessions'>): Vm {
  return new Vm(host, { lineage: scope.lineage, labFolder }, spec);
}
