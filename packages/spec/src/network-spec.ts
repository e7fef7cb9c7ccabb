import type { NetworkFaults } from './network-faults.ts';

/** A network of a lab, complete: every default filled in and every value allocated. Plain data. */
export interface NetworkSpec {
  /** RFC 1123 label. */
  readonly name: string;
  /** Its IPv4 range, `10.40.0.0/24`. The first address is its gateway's. */
  readonly cidr: string;
  /** Its IPv6 range, `fd00:40::/64`; absent in a network without IPv6. */
  readonly cidr6?: string;
  /** Bytes of payload in a frame. */
  readonly mtu: number;
  /** Its machines reach what the host reaches. Absent in a network without a way out. */
  readonly nat?: true;
  /** Its machines reach these places of what the host reaches, and no others. Absent in a network without such a list. */
  readonly internet?: { readonly allow: readonly string[] };
  /** What goes wrong in it; absent when nothing does. */
  readonly faults?: NetworkFaults;
}

/** A network card of a machine in a network of its lab. */
export interface CardIdentity {
  /** As the lab calls the card: the name of its network, or one of the lab's choice. Unique in its machine. */
  readonly name: string;
  readonly network: string;
  /** 0 to 3: of the four cards that every machine has for networks. */
  readonly slot: number;
  /** Locally administered unicast address, lower case. */
  readonly mac: string;
  /** IPv4 address, which the network's DHCP server gives. */
  readonly ip: string;
  /** Bits of the address that the whole network shares. */
  readonly prefix: number;
  readonly ip6?: string;
  /** The network's own address, where the machine's way to allowed places is by this card. */
  readonly router?: string;
}

/** How many network cards every machine has for networks, used or not: one that joins a network needs no new device. */
export const cardCount = 4;

/** The MAC address of one of the cards, from that of the machine: unique where those of the machines are. */
export function cardMac(machine: string, slot: number): string {
  const [first, second, , ...rest] = machine.split(':');
  return [first, second, `0${slot + 1}`, ...rest].join(':');
}
