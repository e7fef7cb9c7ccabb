import type { MachineProbes } from './machine-probes.ts';

/** The same machine, which can be asked with `expect`, too. */
export function withProbes<T extends object>(machine: T, probes: MachineProbes): T & MachineProbes {
  return new Proxy(machine, {
    get: (target, key) => (Object.hasOwn(probes, key) ? Reflect.get(probes, key) : Reflect.get(target, key)),
  }) as T & MachineProbes;
}
