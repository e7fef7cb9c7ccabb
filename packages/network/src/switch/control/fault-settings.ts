import { z } from 'zod';
import { faults } from '../faults/faults.ts';

/**
 * What goes wrong in a network: on the way to each of its machines, and with the cards of some machines, which takes the
 * place of the former, fault by fault. As `NetworkFaults` of `@goqemu/spec`, by the names of the switch's machines.
 */
export const networkFaults = faults.extend({
  /**
   * Groups of machines that reach only each other. Machines in no group are one more. The gateway, and with it DHCP
   * and DNS, is reached by all.
   */
  partition: z.array(z.array(z.string()).min(1).readonly()).readonly().optional(),
  machines: z
    .record(
      z.string(),
      z.strictObject({
        from: faults.optional(),
        to: faults.optional(),
        /** False: the cable is out, in both directions. */
        cable: z.boolean().optional(),
      }),
    )
    .optional(),
});
export type FaultsOfNetwork = z.output<typeof networkFaults>;

/** The faults that were set while the switch runs: those of a network are in the place of the ones of its configuration. */
export const faultSettings = z.strictObject({
  /** The same seed and the same frames in the same order meet the same faults. @default 0 */
  seed: z.number().int().default(0),
  networks: z.record(z.string(), networkFaults).default({}),
});
export type FaultSettingsInput = z.input<typeof faultSettings>;
export type FaultSettings = z.output<typeof faultSettings>;
