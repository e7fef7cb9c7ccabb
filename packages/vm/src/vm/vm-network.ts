import { lengthPrefixedDigest } from '@goqemu/core';
import type { HostNetwork } from '@goqemu/network';
import type { VmSpec } from './vm-spec.ts';
import type { VmState } from './vm-state.ts';

/** The network of a machine; QEMU's user mode unless its specification says otherwise. */
export function networkOf(spec: Pick<VmSpec, 'network'>): HostNetwork {
  return spec.network ?? { kind: 'user' };
}

/** An address of its own on the host's network takes a second card: forwarded ports need one in user mode. */
export function hasOutwardCard(spec: Pick<VmSpec, 'network'>): boolean {
  const { kind } = networkOf(spec);
  return kind === 'bridge' || kind === 'vmnet';
}

/**
 * MAC of the card by which the host reaches the machine, in the QEMU that runs or is started next. One with two cards
 * finds both in its seed, by their own addresses.
 */
export function managementMac(spec: Pick<VmSpec, 'network' | 'identity'>, state: Pick<VmState, 'mac'>): string {
  return hasOutwardCard(spec) ? spec.identity.mac : (state.mac ?? spec.identity.mac);
}

/**
 * Why a machine cannot continue the RAM of a layer: on the host's network two machines would have the card, and its
 * address, of the one that was cut.
 */
export function foreignCard(
  spec: Pick<VmSpec, 'network' | 'identity'>,
  cut: { readonly instanceId: string; readonly mac?: string | undefined },
): string | undefined {
  if (!hasOutwardCard(spec)) return undefined;
  const { instanceId, mac } = spec.identity;
  if (cut.instanceId === instanceId && (cut.mac ?? mac) === mac) return undefined;
  return "it is that of another machine, whose address on the host's network it would have";
}

/** MAC of the card that has the machine's address: the second where there are two. */
export function outwardMac(spec: Pick<VmSpec, 'network' | 'identity'>, state: Pick<VmState, 'mac'> = {}): string {
  if (!hasOutwardCard(spec)) return managementMac(spec, state);
  const { mac } = spec.identity;
  const digest = lengthPrefixedDigest(['goqemu-outward-card', mac]);
  return `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`;
}

/**
 * cloud-init's network configuration (version 2) for machines with two cards: the outward one is preferred. Undefined
 * for one card, which gets DHCP anyway.
 */
export function networkConfig(spec: Pick<VmSpec, 'network' | 'identity'>): Record<string, unknown> | undefined {
  if (!hasOutwardCard(spec)) return undefined;
  // Renamed to the entry's id: cloud-init's files for systemd-networkd match no card that is called otherwise.
  const card = (name: string, macaddress: string, metric: number) => ({
    match: { macaddress },
    'set-name': name,
    dhcp4: true,
    'dhcp4-overrides': { 'route-metric': metric },
    optional: true,
  });
  return {
    version: 2,
    ethernets: { forwards: card('forwards', spec.identity.mac, 1000), outward: card('outward', outwardMac(spec), 100) },
  };
}
