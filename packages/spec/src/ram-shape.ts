import type { MachineSpec } from './machine-spec.ts';

/** Machines of equal shape can take on each other's RAM; any other difference costs a boot. */
export function ramShape(spec: Pick<MachineSpec, 'arch' | 'firmware' | 'memory' | 'cpus' | 'accelerator'>): string {
  return [spec.arch, spec.firmware, spec.memory, spec.cpus, spec.accelerator].join('/');
}
