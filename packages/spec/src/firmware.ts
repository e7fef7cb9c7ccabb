import type { Architecture } from './architecture.ts';

export const firmwares = ['bios', 'uefi'] as const;
/** What boots a machine. */
export type Firmware = (typeof firmwares)[number];

const usual = { amd64: 'bios', arm64: 'uefi' } as const satisfies Record<Architecture, Firmware>;

export function usualFirmware(architecture: Architecture): Firmware {
  return usual[architecture];
}

/** QEMU has no BIOS for arm64. */
export function firmwareFits(firmware: Firmware, architecture: Architecture): boolean {
  return firmware === 'uefi' || architecture === 'amd64';
}
