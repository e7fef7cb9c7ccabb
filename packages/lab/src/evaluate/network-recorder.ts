import { checkResourceName, type SourceLocation, shownValue } from '@goqemu/core';
import {
  areNoFaults,
  type CardIdentity,
  cardCount,
  cardMac,
  formatIpv4,
  ipv6Address,
  type MachineIdentity,
  type MachineSpec,
  machinesOfFaults,
  type NetworkSpec,
  networkProperties,
  parseIpv4Range,
  parseIpv6Prefix,
  rangesOverlap,
  shortestCidr6,
  tidyAllowedPlaces,
} from '@goqemu/spec';
import type { LabNetwork, NetworkOptions, NetworksOption } from '../definition/network-options.ts';
import type { Allocations, RecordedAllocation } from './allocations.ts';
import { CardAddresses } from './card-addresses.ts';
import { checkNetworkOptions } from './check-network-options.ts';
import { checkOptions } from './check-options.ts';
import type { NetworkDeclaration } from './lab.ts';
import { labError, locate, suggestion } from './lab-error.ts';
import { withPlace } from './machine-recorder.ts';
import { chooseRange, chooseRange6 } from './network-ranges.ts';
import { markPlace } from './source-location.ts';

type Place = () => SourceLocation | undefined;

interface RecordedNetwork {
  readonly handle: LabNetwork;
  readonly spec: NetworkSpec;
  readonly place: Place;
}

/** Collects the networks of one evaluation, and gives the cards of machines their addresses. */
export class NetworkRecorder {
  readonly #labFile: string;
  readonly #allocations: Allocations;
  readonly #networks: RecordedNetwork[] = [];
  readonly #addresses: CardAddresses;
  /** The machines of each network, by its name. */
  readonly #members = new Map<string, Set<string>>();
  /** Names of networks whose range was chosen for the first time. */
  readonly fresh: string[] = [];

  constructor(labFile: string, allocations: Allocations) {
    this.#labFile = labFile;
    this.#allocations = allocations;
    this.#addresses = new CardAddresses(
      Object.entries(allocations.machines).map(([machine, { identity }]) => ({ machine, cards: identity.cards ?? [] })),
    );
  }

  add(name: string, options: NetworkOptions): LabNetwork {
    const place = markPlace(this.#labFile);
    locate(place, () => checkResourceName(name, 'network'));
    this.#refuseTwin(name, place);
    checkOptions('network', options, { subject: name, place });
    const spec = this.#spec(name, options, place);
    this.#refuseOverlap(spec, place);
    const handle = handleOf(spec);
    this.#networks.push({ handle, spec, place });
    return handle;
  }

  /** @throws GoqemuError `faults-invalid` for those of a machine that is not in the network */
  declarations(): readonly NetworkDeclaration[] {
    for (const { spec, place } of this.#networks) {
      const members = this.#members.get(spec.name) ?? new Set();
      const stranger = machinesOfFaults(spec.faults ?? {}).find((machine) => !members.has(machine));
      if (stranger === undefined) continue;
      throw labError('faults-invalid', {
        message: `${spec.name}: its faults name the machine ${JSON.stringify(stranger)}, which is not in it`,
        hint: suggestion(stranger, [...members]),
        location: place(),
        subject: spec.name,
      });
    }
    return this.#networks.map(({ spec, place }) => withPlace({ spec }, place));
  }

  /** The cards of a machine, each in a slot that it keeps; `before` is what the state has of the machine. */
  cards(
    machine: { readonly name: string; readonly identity: MachineIdentity },
    option: NetworksOption | undefined,
    before: (RecordedAllocation & { readonly name: string }) | undefined,
    place: Place,
  ): readonly CardIdentity[] {
    if (option === undefined) return [];
    const { name } = machine;
    const wanted = this.#wanted(name, option, place);
    for (const { network } of wanted)
      this.#members.set(network.name, (this.#members.get(network.name) ?? new Set()).add(name));
    const recorded = new Map(before?.identity.cards?.map((card) => [card.name, card]));
    if (before) this.#addresses.release(before.name, [...recorded.values()]);
    const slots = slotsOf(
      wanted.map(({ card }) => card),
      [...recorded.values()],
    );
    // What was there keeps its address before another card can have it.
    const order = [...wanted].sort((one, other) => Number(recorded.has(other.card)) - Number(recorded.has(one.card)));
    const cards = order.map(({ card, network }): CardIdentity => {
      const slot = slots.get(card) ?? 0;
      const address = this.#addresses.give(network, name, recorded.get(card));
      if (!address) throw full(name, network, place);
      return { name: card, network: network.name, slot, mac: cardMac(machine.identity.mac, slot), ...address };
    });
    return this.#withRouter(cards.sort((one, other) => one.slot - other.slot));
  }

  /**
   * A machine goes to the places that its networks allow by the first of its cards in one of them: a guest has one
   * default route. Where another of its networks has `nat`, that is the way to all of them.
   */
  #withRouter(cards: readonly CardIdentity[]): readonly CardIdentity[] {
    const specOf = (name: string) => this.#networks.find(({ spec }) => spec.name === name)?.spec;
    if (cards.some(({ network }) => specOf(network)?.nat)) return cards;
    const way = cards.find(({ network }) => specOf(network)?.internet);
    return cards.map((card) => (card === way ? { ...card, router: gatewayOf(specOf(card.network)?.cidr) } : card));
  }

  /** A machine in networks of which none has a way out reaches those alone. */
  wayOut(cards: readonly CardIdentity[], { network }: Pick<MachineSpec, 'network'>): Pick<MachineSpec, 'wayOut'> {
    const hasNat = this.#networks.some(({ spec }) => spec.nat && cards.some(({ network }) => network === spec.name));
    return cards.length === 0 || hasNat || network === 'host' ? {} : { wayOut: 'none' };
  }

  #wanted(machine: string, option: NetworksOption, place: Place) {
    const entries = entriesOf(option);
    const known = this.#networks.map(({ handle }) => handle.name);
    const wanted = entries?.map(([card, handle]) => {
      locate(place, () => checkResourceName(card, `${machine}: networks`));
      const network = this.#networks.find((one) => one.handle === handle)?.spec;
      if (network) return { card, network };
      throw labError('network-unknown', {
        message: `${machine}: networks.${card} is no network of this lab`,
        hint:
          known.length > 0
            ? `write networks: { ${known[0]} }, with what lab.network returned`
            : "declare one above the machine: const lan = lab.network('lan')",
        location: place(),
        subject: machine,
      });
    });
    if (wanted === undefined) {
      const message = `${machine}: networks are an object or a list of networks, got ${shownValue(option)}`;
      throw labError('options-invalid', {
        message,
        hint: 'write networks: { lan }',
        location: place(),
        subject: machine,
      });
    }
    if (wanted.length <= cardCount) return wanted;
    const message = `${machine} has ${wanted.length} cards in networks, and ${cardCount} are the most`;
    throw labError('cards-too-many', {
      message,
      hint: 'leave a network out, or let another machine route',
      location: place(),
      subject: machine,
    });
  }

  #spec(name: string, options: NetworkOptions, place: Place): NetworkSpec {
    const { cidr, cidr6, ipv6, nat, mtu = networkProperties.mtu.default, internet, faults = {} } = options;
    checkNetworkOptions(name, options, place);
    const context = {
      place: this.#allocations.place,
      recorded: this.#allocations.networks ?? {},
      taken: this.#allocations.takenRanges ?? [],
    };
    if (cidr === undefined && !Object.hasOwn(context.recorded, name)) this.fresh.push(name);
    const others = this.#networks.map(({ spec }) => spec.cidr);
    const range6 = cidr6 === undefined ? (ipv6 ? chooseRange6(name, context) : undefined) : shortestCidr6(cidr6);
    return {
      name,
      cidr: cidr ?? chooseRange(name, others, context),
      ...(range6 === undefined ? {} : { cidr6: range6 }),
      mtu,
      ...(nat ? { nat } : {}),
      ...(internet ? { internet: { allow: tidyAllowedPlaces(internet.allow) } } : {}),
      ...(areNoFaults(faults) ? {} : { faults }),
    };
  }

  #refuseTwin(name: string, place: Place): void {
    const twin = this.#networks.find(({ spec }) => spec.name.toLowerCase() === name.toLowerCase());
    if (!twin) return;
    const line = twin.place()?.line;
    throw labError('network-duplicate', {
      message: `two networks are called "${name}"${line ? `; the first is declared in line ${line}` : ''}`,
      hint: 'give each network its own name; upper and lower case count as the same',
      location: place(),
      subject: name,
    });
  }

  /** A machine in both could not tell which of them an address is in. */
  #refuseOverlap(spec: NetworkSpec, place: Place): void {
    const range = parseIpv4Range(spec.cidr);
    const other = this.#networks.find(({ spec: { cidr, cidr6 } }) => {
      const its = parseIpv4Range(cidr);
      return (range && its && rangesOverlap(range, its)) || (cidr6 !== undefined && cidr6 === spec.cidr6);
    })?.spec;
    if (!other) return;
    throw labError('network-overlap', {
      message: `${spec.name}: ${spec.cidr}${spec.cidr6 ? ` and ${spec.cidr6}` : ''} overlap those of ${other.name}, ${other.cidr}${other.cidr6 ? ` and ${other.cidr6}` : ''}`,
      hint: 'give each network a range of its own, or leave cidr out and goqemu chooses one',
      location: place(),
      subject: spec.name,
    });
  }
}

function handleOf({ name, cidr, cidr6, mtu }: NetworkSpec): LabNetwork {
  const groups = cidr6 === undefined ? undefined : parseIpv6Prefix(cidr6);
  return Object.freeze({
    name,
    cidr,
    gateway: gatewayOf(cidr),
    ...(cidr6 !== undefined && groups ? { cidr6, gateway6: ipv6Address(groups, 1) } : {}),
    mtu,
  });
}

/** The network's own address. */
function gatewayOf(cidr: string | undefined): string {
  return formatIpv4((parseIpv4Range(cidr)?.base ?? 0) + 1);
}

/** Cards under the names of their networks, the second in the same one as `lan-2`. */
function entriesOf(option: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (typeof option !== 'object' || option === null) return undefined;
  if (!Array.isArray(option)) return Object.entries(option);
  const counts = new Map<string, number>();
  return option.map((handle: { readonly name?: unknown } | null) => {
    const name = String(handle?.name);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return [count === 1 ? name : `${name}-${count}`, handle] as const;
  });
}

/** A card that was there keeps its slot; the others take those that are free, in the order of the lab. */
function slotsOf(names: readonly string[], recorded: readonly CardIdentity[]): ReadonlyMap<string, number> {
  const slots = new Map(recorded.flatMap(({ name, slot }) => (names.includes(name) ? [[name, slot] as const] : [])));
  for (const name of names) {
    if (slots.has(name)) continue;
    const used = new Set(slots.values());
    slots.set(name, Array.from({ length: cardCount }, (_, slot) => slot).find((slot) => !used.has(slot)) ?? 0);
  }
  return slots;
}

function full(machine: string, { name, cidr }: NetworkSpec, place: Place) {
  const room = (parseIpv4Range(cidr)?.size ?? 3) - 3;
  return labError('network-full', {
    message: `${machine}: ${name} has no address left for it: ${cidr} has room for ${room} ${room === 1 ? 'card' : 'cards'}`,
    hint: `give ${name} a larger range, such as cidr: '10.40.0.0/24'`,
    location: place(),
    subject: machine,
  });
}
