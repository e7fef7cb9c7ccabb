import { join } from 'node:path';
import type { HostPlatform } from '@goqemu/core';
import type { NetworkConfiguration } from '@goqemu/lab';
import type { LinkEndpoint, SwitchConfigurationInput } from '@goqemu/network';
import type { CardIdentity } from '@goqemu/spec';
import { labCardAddress, runtimeFoldersOf } from '@goqemu/vm';
import { cardName } from './network-views.ts';

/** The configuration of a lab’s switch: a port for each card, at the sockets of the machine's QEMU and of the next one. */
export function switchConfigurationOf(
  { networks, machines }: NetworkConfiguration,
  { labFolder, platform }: { readonly labFolder: string; readonly platform: HostPlatform },
): SwitchConfigurationInput {
  const listOf = new Map(networks.map(({ name, internet }) => [name, internet?.allow ?? []]));
  return {
    networks: networks.map(({ name, cidr, cidr6, mtu, faults }) => ({
      ...{ name, cidr, mtu },
      ...(cidr6 ? { cidr6 } : {}),
      ...(faults ? { faults } : {}),
    })),
    ports: machines.flatMap(({ name, hostname, aliases, cards }) =>
      cards.map((card) => {
        const [first, second] = runtimeFoldersOf(join(labFolder, name), platform);
        const at = (folder: string) => endpointOf(labCardAddress(folder, card.slot, platform));
        return {
          ...{ machine: name, card: cardName(card.slot), network: card.network, mac: card.mac, ip: card.ip, hostname },
          ...{ endpoint: at(first), otherEndpoint: at(second), aliases: [...aliases] },
          ...(card.ip6 ? { ip6: card.ip6 } : {}),
          // A machine goes wherever one of its networks allows, and may ask any of them for names.
          ...(hasRouter(cards) ? { allow: unionOf(cards.map(({ network }) => listOf.get(network) ?? [])) } : {}),
          ...(card.router ? { router: true } : {}),
        };
      }),
    ),
  };
}

function endpointOf(address: ReturnType<typeof labCardAddress>): LinkEndpoint {
  return 'path' in address ? { kind: 'unix', path: address.path } : { kind: 'port-file', path: address.portFile };
}

function hasRouter(cards: readonly CardIdentity[]): boolean {
  return cards.some(({ router }) => router !== undefined);
}

function unionOf(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}
