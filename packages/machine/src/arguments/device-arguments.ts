import { architectureDefaults } from '../find/architecture.ts';
import { type ArgumentContext, featureMissing } from './argument-context.ts';
import { rootBus, versionedMachineType } from './machine-type.ts';

export type DeviceProperties = Readonly<Record<string, string | number | boolean | undefined>>;

/** `-device` in its JSON form (QEMU 6.2), in which no character needs an escape. */
export function device(context: ArgumentContext, driver: string, properties: DeviceProperties): string[] {
  const { devices, complete } = context.installation.features;
  if (complete && !devices.includes(driver)) throw featureMissing(`device ${driver}`, context.installation);
  return ['-device', JSON.stringify({ driver, ...properties })];
}

/** The name of a virtio device on this machine's bus. */
export function virtio(context: ArgumentContext, kind: string): string {
  return `${kind}-${architectureDefaults(context.config.arch).bus}`;
}

/**
 * Slots of the root bus, by what a device is and not by what else there is, so that one device more moves no other
 * one: guests name network cards by their slot. Slots 0 to 2 and 0x1d up are the boards' own.
 */
const slots = {
  video: 2,
  rng: 3,
  serial: 4,
  balloon: 5,
  scsi: 6,
  usb: 7,
  network: 8,
  disk: 0x10,
  audio: 0x1b,
  hotplug: 0x1c,
} as const;

/** Where guests on a PCI machine see the network card in a slot for network cards (0 to 7): `0000:00:0a.0`. */
export function networkCardAddress(slot: number): string {
  return `0000:00:${(slots.network + slot).toString(16).padStart(2, '0')}.0`;
}

/** How many of a kind have a slot of their own; QEMU places those beyond. */
const room: Partial<Record<keyof typeof slots, number>> = { network: 8, disk: 11 };

/** `bus` and `addr` of the device, or nothing on a board whose slots are not known. */
export function slot(context: ArgumentContext, kind: keyof typeof slots, index = 0): DeviceProperties {
  const bus = rootBus(versionedMachineType(context.config, context.installation));
  if (!bus || index >= (room[kind] ?? 1)) return {};
  return { bus, addr: `0x${(slots[kind] + index).toString(16)}` };
}

/** Where later devices are plugged in: the functions of one slot, each a PCI Express port. */
export function hotplugPortArguments(context: ArgumentContext): string[] {
  if (rootBus(versionedMachineType(context.config, context.installation)) !== 'pcie.0') return [];
  return Array.from({ length: context.config.hotplugPorts }, (_, index) =>
    device(context, 'pcie-root-port', {
      id: `port${index}`,
      bus: 'pcie.0',
      addr: `0x${slots.hotplug.toString(16)}.${index}`,
      multifunction: index === 0,
      chassis: index + 1,
    }),
  ).flat();
}
