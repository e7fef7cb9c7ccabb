import { canonicalJson, lengthPrefixedDigest } from '@goqemu/core';
import type { MachineConfigInput } from '@goqemu/machine';

/**
 * What a machine is configured with, and what the guest sees of each part as a device; null for what it does not see, or
 * what the shape of its RAM names. A part that is not here cannot be configured: it does not compile.
 */
const devicesSeen = {
  name: null,
  uuid: null,
  arch: null,
  accelerator: null,
  memory: null,
  cpus: null,
  firmware: (firmware) => (typeof firmware === 'object' ? firmware.kind : firmware),
  drives: (drives) => drives?.map(({ source: _source, ...device }) => device),
  networks: (networks) => networks?.map(({ kind, id, model, slot }) => ({ kind, id, model, slot })),
  video: (card) => card,
  usb: (usb) => usb,
  guestAgent: (isThere) => isThere,
  standbyPort: (isThere) => isThere,
  vmgenid: (isThere) => isThere,
  serialLog: null,
  stderrLog: null,
  runtimeFolder: null,
} as const satisfies { [Part in keyof MachineConfigInput]?: ((value: MachineConfigInput[Part]) => unknown) | null };

/** The parts of a configuration that machines have. */
export type MachineConfiguration = Pick<MachineConfigInput, keyof typeof devicesSeen>;

/** Equal for configurations whose guests see the same devices: names, paths, addresses and ports left out. */
export function deviceDigest(configuration: MachineConfiguration): string {
  const seen = Object.entries(devicesSeen).flatMap(([part, look]) => {
    if (look === null) return [];
    return [[part, (look as (value: unknown) => unknown)(configuration[part as keyof MachineConfiguration])] as const];
  });
  return lengthPrefixedDigest([canonicalJson(Object.fromEntries(seen))]);
}
