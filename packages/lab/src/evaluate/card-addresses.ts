import {
  type CardIdentity,
  formatIpv4,
  ipv6Address,
  type NetworkSpec,
  parseIpv4,
  parseIpv4Range,
  parseIpv6Prefix,
} from '@goqemu/spec';

/** The first addresses after the network's own are for machines that are numbered manually; they are used last. */
const firstHost = 10;

/**
 * Gives out the addresses of networks: what a card had before, else the lowest one that is free. A machine that is added
 * or taken out moves no other. Where a network's range changes, a card keeps its place in it.
 */
export class CardAddresses {
  /** For each network, the machine that has each place in it. */
  readonly #places = new Map<string, Map<number, string>>();

  /** @param recorded what cards had before */
  constructor(recorded: readonly { readonly machine: string; readonly cards: readonly CardIdentity[] }[]) {
    for (const { machine, cards } of recorded)
      for (const card of cards) this.#of(card.network).set(placeOf(card), machine);
  }

  /** The places of a machine's cards are free for its own again. @param machine the name that it had */
  release(machine: string, cards: readonly CardIdentity[]): void {
    for (const card of cards) {
      const places = this.#of(card.network);
      if (places.get(placeOf(card)) === machine) places.delete(placeOf(card));
    }
  }

  /**
   * @param before what the card had
   * @returns undefined where the network is full
   */
  give(
    network: NetworkSpec,
    machine: string,
    before: CardIdentity | undefined,
  ): Pick<CardIdentity, 'ip' | 'prefix' | 'ip6'> | undefined {
    const range = parseIpv4Range(network.cidr);
    if (!range) return undefined;
    const places = this.#of(network.name);
    const last = range.size - 2;
    let place = before?.network === network.name ? placeOf(before) : undefined;
    if (place === undefined || places.has(place) || place < 2 || place > last) place = freePlace(places, last);
    if (place === undefined) return undefined;
    places.set(place, machine);
    const groups = network.cidr6 === undefined ? undefined : parseIpv6Prefix(network.cidr6);
    return {
      ip: formatIpv4(range.base + place),
      prefix: range.prefix,
      ...(groups ? { ip6: ipv6Address(groups, place) } : {}),
    };
  }

  #of(network: string): Map<number, string> {
    const found = this.#places.get(network) ?? new Map<number, string>();
    this.#places.set(network, found);
    return found;
  }
}

function placeOf({ ip, prefix }: CardIdentity): number {
  return (parseIpv4(ip) ?? 0) % 2 ** (32 - prefix);
}

function freePlace(places: ReadonlyMap<number, string>, last: number): number | undefined {
  for (let place = firstHost; place <= last; place++) if (!places.has(place)) return place;
  for (let place = 2; place < firstHost && place <= last; place++) if (!places.has(place)) return place;
  return undefined;
}
