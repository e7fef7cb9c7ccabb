import { z } from 'zod';
import { faults } from '../faults/faults.ts';
import { portName, type SwitchConfiguration } from './configuration.ts';

/**
 * All faults of a switch, as one value that replaces the one before. What a network says holds for the way to each of its
 * ports; what a port says takes its place, property by property.
 */
export const faultSettings = z.strictObject({
  /** The same seed and the same frames in the same order meet the same faults. @default 0 */
  seed: z.number().int().default(0),
  networks: z
    .record(
      z.string(),
      z.strictObject({
        faults: faults.optional(),
        /**
         * Groups of machines that reach only each other. Machines in no group are one more. The gateway, and with it DHCP
         * and DNS, is reached by all.
         */
        partition: z.array(z.array(z.string()).min(1)).optional(),
      }),
    )
    .default({}),
  /** By `machine:card`. */
  ports: z
    .record(
      z.string(),
      z.strictObject({
        fromMachine: faults.optional(),
        toMachine: faults.optional(),
        /** False: the cable is out, in both directions. @default true */
        cable: z.boolean().default(true),
      }),
    )
    .default({}),
});
export type FaultSettingsInput = z.input<typeof faultSettings>;
export type FaultSettings = z.output<typeof faultSettings>;

/** The same without what is of machines, cards and networks that are no longer there. */
export function faultsWithin(settings: FaultSettings, { networks, ports }: SwitchConfiguration): FaultSettings {
  const names = new Set([...networks.map(({ name }) => name), ...ports.map(portName)]);
  const machines = new Set(ports.map(({ machine }) => machine));
  const present = <T>(record: Record<string, T>) => Object.entries(record).filter(([name]) => names.has(name));
  const inNetworks = present(settings.networks).map(([name, { partition, ...rest }]) => {
    const groups = partition?.map((group) => group.filter((machine) => machines.has(machine)));
    const kept = groups?.filter((group) => group.length > 0);
    return [name, { ...rest, ...(kept?.length ? { partition: kept } : {}) }] as const;
  });
  return { ...settings, networks: Object.fromEntries(inNetworks), ports: Object.fromEntries(present(settings.ports)) };
}
