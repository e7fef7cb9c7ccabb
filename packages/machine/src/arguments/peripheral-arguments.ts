import { tpmDescriptor } from '../tpm/tpm-descriptor.ts';
import type { ArgumentContext } from './argument-context.ts';
import { device, slot, virtio } from './device-arguments.ts';
import { optionText } from './option-text.ts';

/** Clock, entropy, balloon, generation id, USB and TPM. */
export function peripheralArguments(context: ArgumentContext): string[] {
  const { config } = context;
  const { rtc } = config;
  return [
    ...['-rtc', optionText(undefined, { base: rtc.base, clock: rtc.clock, driftfix: rtc.driftFix })],
    ...(config.rng ? rngArguments(context) : []),
    ...(config.balloon
      ? device(context, virtio(context, 'virtio-balloon'), { id: 'balloon0', ...slot(context, 'balloon') })
      : []),
    ...(config.vmgenid === false
      ? []
      : device(context, 'vmgenid', { id: 'vmgenid0', guid: config.vmgenid === true ? 'auto' : config.vmgenid })),
    ...usbArguments(context),
    ...tpmArguments(context),
  ];
}

/** `rng-builtin` reads the host's getrandom(2), on every host system. */
function rngArguments(context: ArgumentContext): string[] {
  return [
    ...['-object', JSON.stringify({ 'qom-type': 'rng-builtin', id: 'entropy' })],
    ...device(context, virtio(context, 'virtio-rng'), { id: 'rng0', rng: 'entropy', ...slot(context, 'rng') }),
  ];
}

const controllers = { xhci: 'qemu-xhci', ehci: 'usb-ehci', uhci: 'piix3-usb-uhci' } as const;

function usbArguments(context: ArgumentContext): string[] {
  const { config } = context;
  const onUsb = [...config.drives, ...config.cdroms].some((item) => item.interface === 'usb');
  if (!config.usb && !onUsb) return [];
  return [
    ...device(context, controllers[config.usb?.controller ?? 'xhci'], { id: 'usb', ...slot(context, 'usb') }),
    ...(config.usb?.devices ?? []).flatMap((item, index) =>
      item.kind === 'host'
        ? device(context, 'usb-host', {
            id: `usb${index}`,
            bus: 'usb.0',
            vendorid: item.vendor,
            productid: item.product,
          })
        : device(context, usbDriver(item.kind), { id: `usb${index}`, bus: 'usb.0' }),
    ),
  ];
}

function usbDriver(kind: 'tablet' | 'mouse' | 'keyboard'): string {
  return kind === 'keyboard' ? 'usb-kbd' : `usb-${kind}`;
}

function tpmArguments(context: ArgumentContext): string[] {
  const { tpm, arch } = context.config;
  if (!tpm) return [];
  const place = 'socket' in tpm ? { path: tpm.socket } : { fd: tpmDescriptor };
  const natural = arch === 'ppc64' ? 'tpm-spapr' : arch === 'aarch64' ? 'tpm-tis-device' : 'tpm-crb';
  return [
    ...['-chardev', optionText('socket', { id: 'tpm-socket', ...place })],
    ...['-tpmdev', optionText('emulator', { id: 'tpm', chardev: 'tpm-socket' })],
    ...device(context, tpm.model ?? natural, { id: 'tpm0', tpmdev: 'tpm' }),
  ];
}
