import { createHash } from 'node:crypto';
import { internalError } from '@goqemu/core';
import type { NetworkConfig } from '../configuration/machine-config.ts';
import type { Forward, PortFileConfig, SocketAddressConfig } from '../configuration/network.ts';
import { architectureDefaults } from '../find/architecture.ts';
import { type ArgumentContext, featureMissing } from './argument-context.ts';
import { type DeviceProperties, device, slot, virtio } from './device-arguments.ts';
import { defaultBootIndex } from './drive-arguments.ts';
import { optionText } from './option-text.ts';

export function networkArguments(context: ArgumentContext): string[] {
  return context.config.networks.flatMap((network, index) => [
    ...netdevArguments(context, network),
    ...device(context, cardModel(context, network.model), {
      id: network.id,
      netdev: hasCable(context, network) ? netdevId(network) : undefined,
      mac: network.mac ?? macAddress(context.config.uuid, index),
      ...bootProperties(context, network, index),
      ...slot(context, 'network', network.slot ?? index),
    }),
  ]);
}

/** A card that nothing boots from needs no boot ROM, for which the firmware would wait. */
function bootProperties(context: ArgumentContext, network: NetworkConfig, index: number): DeviceProperties {
  const bootindex = network.bootIndex ?? defaultBootIndex(context, 'network', index);
  if (bootindex !== undefined) return { bootindex };
  return architectureDefaults(context.config.arch).bus === 'pci' ? { romfile: '' } : {};
}

/** The host's side of a card; the card itself has the network's id. */
export function netdevId(network: Pick<NetworkConfig, 'id'>): string {
  return `${network.id}-host`;
}

/** A locally administered address under QEMU's prefix, the same at every start of the machine. */
export function macAddress(uuid: string, index: number): string {
  const digest = createHash('sha256').update(`${uuid}/${index}`).digest('hex');
  return `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`;
}

/** A forward as slirp takes it: `tcp:127.0.0.1:8080-:80`. */
export function forwardText(forward: Forward): string {
  const { protocol, hostAddress, hostPort, guestAddress = '', guestPort } = forward;
  return `${protocol}:${hostAddress}:${hostPort}-${guestAddress}:${guestPort}`;
}

/** The properties of a netdev as QMP's `netdev_add` takes them; undefined for a card without a cable. */
export function netdevProperties(network: NetworkConfig): Record<string, unknown> | undefined {
  const id = netdevId(network);
  switch (network.kind) {
    case 'user':
      return {
        type: 'user',
        id,
        net: network.cidr,
        restrict: network.restrict || undefined,
        ipv6: network.ipv6,
        hostname: network.hostname,
        dns: network.dns,
        tftp: network.tftpFolder,
        bootfile: network.bootFile,
        hostfwd: network.forwards.length > 0 ? network.forwards.map((item) => ({ str: forwardText(item) })) : undefined,
      };
    case 'tap':
      return { type: 'tap', id, ifname: network.interface, script: 'no', downscript: 'no', vhost: network.vhost };
    case 'bridge':
      return { type: 'bridge', id, br: network.bridge, helper: network.helper };
    case 'stream':
      return { type: 'stream', id, server: network.server, addr: socketAddress(network.address) };
    case 'passt':
      return { type: 'stream', id, server: false, addr: socketAddress({ path: network.path }) };
    case 'dgram':
      return { type: 'dgram', id, local: socketAddress(network.local), remote: socketAddress(network.remote) };
    case 'socket':
      return { type: 'socket', id, [network.mode]: `${network.host}:${network.port}` };
    case 'vde':
      return { type: 'vde', id, sock: network.path };
    case 'vmnet':
      return { type: `vmnet-${network.mode}`, id, ifname: network.interface };
    case 'none':
      return undefined;
  }
}

function hasCable({ installation }: ArgumentContext, { kind, optional }: NetworkConfig): boolean {
  if (kind === 'none') return false;
  return !optional || installation.features.netdevs.includes(kind);
}

function netdevArguments(context: ArgumentContext, network: NetworkConfig): string[] {
  const properties = netdevProperties(network);
  if (!properties || !hasCable(context, network)) return [];
  const { netdevs, netdevJson } = context.installation.features;
  const type = String(properties.type);
  if (!netdevs.includes(type)) throw featureMissing(`network of type ${type}`, context.installation);
  return ['-netdev', netdevJson ? JSON.stringify(properties) : netdevText(properties)];
}

/** The form before QEMU 7.2: lists are repeated keys. */
function netdevText({ type, hostfwd, ...rest }: Record<string, unknown>): string {
  const forwards = ((hostfwd as { str: string }[] | undefined) ?? []).map(({ str }) => `,hostfwd=${str}`);
  return optionText(String(type), rest as Record<string, string | boolean | undefined>) + forwards.join('');
}

function socketAddress(address: SocketAddressConfig | PortFileConfig): Record<string, unknown> {
  if ('portFile' in address) throw internalError(`no port was chosen for ${address.portFile}`);
  return 'path' in address
    ? { type: 'unix', path: address.path }
    : { type: 'inet', host: address.host, port: String(address.port) };
}

function cardModel(context: ArgumentContext, model: string): string {
  return model === 'virtio-net' ? virtio(context, model) : model;
}
