import type { MachineConfig } from '../configuration/machine-config.ts';
import { pathOf } from '../find/usual-places.ts';
import { type ArgumentContext, featureMissing } from './argument-context.ts';
import { device, slot } from './device-arguments.ts';
import { optionText } from './option-text.ts';

/** `-display`, `-vnc` or `-spice`, the graphics card and the sound card. */
export function displayArguments(context: ArgumentContext): string[] {
  return [...screenArguments(context), ...videoArguments(context), ...audioArguments(context)];
}

function screenArguments(context: ArgumentContext): string[] {
  const { config, installation } = context;
  const { display } = config;
  switch (display.kind) {
    case 'none':
      return ['-display', 'none'];
    case 'vnc': {
      if (!installation.features.options.includes('vnc')) throw featureMissing('VNC server', installation);
      // The password itself comes over QMP; until then no client is accepted.
      const vnc = optionText(vncAddress(display.listen), { password: display.password || undefined });
      return ['-display', 'none', '-vnc', vnc];
    }
    case 'spice':
      if (installation.features.complete && !installation.features.options.includes('spice'))
        throw featureMissing('SPICE server', installation);
      return ['-display', 'none', '-spice', spiceText(context, display)];
    default:
      if (!installation.features.displays.includes(display.kind)) {
        throw featureMissing(`display ${display.kind}`, installation);
      }
      return ['-display', display.kind];
  }
}

type Listen = Extract<MachineConfig['display'], { kind: 'vnc' }>['listen'];

/** VNC numbers its ports from 5900. */
function vncAddress(listen: Listen): string {
  if (listen === 'none') return 'none';
  return 'path' in listen ? `unix:${listen.path}` : `${listen.host}:${listen.port - 5900}`;
}

function spiceText(context: ArgumentContext, display: Extract<MachineConfig['display'], { kind: 'spice' }>): string {
  const { listen } = display;
  const ticket = { 'disable-ticketing': display.password ? undefined : true };
  if (listen !== 'none' && 'port' in listen)
    return optionText(undefined, { addr: listen.host, port: listen.port, ...ticket });
  // SPICE does not start without an address of its own, so clients that are handed over need one as well.
  const path = listen === 'none' ? pathOf(context.platform).join(context.config.runtimeFolder, 'spice') : listen.path;
  return optionText(undefined, { unix: true, addr: path, ...ticket });
}

const cards: Readonly<Record<Exclude<MachineConfig['video'], 'auto' | 'none'>, string>> = {
  std: 'VGA',
  virtio: 'virtio-gpu-pci',
  qxl: 'qxl-vga',
  cirrus: 'cirrus-vga',
  vmware: 'vmware-svga',
  ramfb: 'ramfb',
};

function videoArguments(context: ArgumentContext): string[] {
  const card = videoCard(context);
  if (card === 'none') return [];
  const driver = card === 'virtio' && isX86(context.config) ? 'virtio-vga' : cards[card];
  return device(context, driver, { id: 'video0', ...(card === 'ramfb' ? {} : slot(context, 'video')) });
}

function videoCard({ config, installation }: ArgumentContext): Exclude<MachineConfig['video'], 'auto'> {
  if (config.video !== 'auto') return config.video;
  if (config.display.kind === 'none') return 'none';
  return isX86(config) || !installation.features.devices.includes(cards.virtio) ? 'std' : 'virtio';
}

function isX86(config: Pick<MachineConfig, 'arch'>): boolean {
  return config.arch === 'x86_64' || config.arch === 'i386';
}

function audioArguments(context: ArgumentContext): string[] {
  const { audio } = context.config;
  if (!audio) return [];
  const backend = optionText(audio.backend, { id: 'audio0', path: audio.path });
  const place = slot(context, 'audio');
  const sound =
    audio.device === 'ac97'
      ? device(context, 'AC97', { id: 'sound0', audiodev: 'audio0', ...place })
      : [
          ...device(context, 'intel-hda', { id: 'sound0', ...place }),
          ...device(context, 'hda-duplex', { bus: 'sound0.0', audiodev: 'audio0' }),
        ];
  return ['-audiodev', backend, ...sound];
}
