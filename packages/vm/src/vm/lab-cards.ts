import { join } from 'node:path';
import { type HostPlatform, internalError, lengthPrefixedDigest } from '@goqemu/core';
import type { GuestCard } from '@goqemu/guest';
import { cardSocketNames, networkCardAddress, portFileOf } from '@goqemu/machine';
import { cardCount, cardMac } from '@goqemu/spec';
import type { VmSpec } from './vm-spec.ts';

/** One of the cards for the networks of a lab. */
export interface LabCard {
  /** Of the device in QEMU. */
  readonly id: string;
  /** Among the cards for networks, from 0. */
  readonly position: number;
  /** Among the slots for network cards: the first two are for the ways out. */
  readonly slot: number;
  readonly mac: string;
  /** The guest's IPv4 address in the network of the lab that the card is in; a card in none has no carrier. */
  readonly ip: string | undefined;
  readonly ip6: string | undefined;
  /** The network's own address, where the way out is by this card. */
  readonly router: string | undefined;
}

/** Slots for network cards that machines have used before there were lab cards. */
const firstSlot = 2;

/**
 * The cards of a machine for the networks of its lab, used or not: a machine that joins a network later has the devices
 * that it had, and its layers keep their RAM.
 */
export function labCards({ identity }: Pick<VmSpec, 'identity'>): readonly LabCard[] {
  return Array.from({ length: cardCount }, (_, position) => {
    const used = identity.cards?.find((card) => card.slot === position);
    return {
      id: `lan${position}`,
      position,
      slot: firstSlot + position,
      mac: used?.mac ?? cardMac(identity.mac, position),
      ip: used?.ip,
      ip6: used?.ip6,
      router: used?.router,
    };
  });
}

/** Where QEMU waits for the lab's switch: a Unix socket, or a port of loopback on Windows, where Node opens none. */
export function labCardAddress(
  runtimeFolder: string,
  position: number,
  { system }: Pick<HostPlatform, 'system'>,
): { readonly path: string } | { readonly portFile: string } {
  const name = cardSocketNames.lan[position];
  if (name === undefined) throw internalError(`a machine has no card ${position} for networks`);
  const path = join(runtimeFolder, name);
  return system === 'win32' ? { portFile: portFileOf(path) } : { path };
}

/** The cards as the guest sees them. */
export function guestCards(spec: Pick<VmSpec, 'identity'>): readonly GuestCard[] {
  return labCards(spec).map(({ slot, mac, ip, ip6, router }) => ({
    pci: networkCardAddress(slot),
    mac,
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(router === undefined ? {} : { router }),
  }));
}

/** Where the guest has the card by which it is reached from the host, and reaches the outside. */
export const managementPci = networkCardAddress(0);

/** Equal when a guest knows its cards already; undefined for a machine in no network. */
export function cardsDigest(spec: Pick<VmSpec, 'identity' | 'wayOut'>): string | undefined {
  const cards = labCards(spec);
  if (cards.every(({ ip }) => ip === undefined)) return undefined;
  const wayOut = spec.wayOut === undefined ? [] : [spec.wayOut];
  const router = cards.flatMap(({ router = '' }) => (router ? [`router ${router}`] : []));
  const addresses = cards.map(({ mac, ip = '', ip6 = '' }) => `${mac} ${ip} ${ip6}`);
  return lengthPrefixedDigest([...addresses, ...wayOut, ...router]);
}
