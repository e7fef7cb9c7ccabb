import { type AllowedPlace, type Ipv4Range, parseAllowedPlace, parseIpv4, parseIpv4Range } from '@goqemu/spec';

/** Addresses that are remembered with the names that led to them. */
const mostLearned = 1_024;

/** RFC 6890: of this host, or of the link that it is on. An entry of the list has to name them to allow them. */
const ofTheHost = ranges('127.0.0.0/8', '169.254.0.0/16');
/** No single station has these. */
const nowhere = ranges('0.0.0.0/8', '224.0.0.0/3');

function ranges(...texts: readonly string[]): readonly Ipv4Range[] {
  return texts.flatMap((text) => parseIpv4Range(text) ?? []);
}

/** Where one machine may go: what its networks list, and what the names among that have led it to. */
export class AllowedPlaces {
  readonly #ownAddresses: () => readonly string[];
  #places: readonly AllowedPlace[] = [];
  /** Names by the address that they resolved to, the one that was used longest ago first. */
  readonly #learned = new Map<string, Set<string>>();

  /** @param ownAddresses those of the host */
  constructor(ownAddresses: () => readonly string[]) {
    this.#ownAddresses = ownAddresses;
  }

  update(allow: readonly string[]): void {
    this.#places = allow.flatMap((text) => parseAllowedPlace(text) ?? []);
  }

  /** Names that are listed as they are. */
  get names(): readonly string[] {
    return this.#places.flatMap((place) => (place.kind === 'name' ? [place.name] : []));
  }

  allowsName(name: string): boolean {
    return this.#places.some((place) => isNamed(place, name));
  }

  /** Remembers where an allowed name leads; returns the addresses that a machine may be given. */
  learn(name: string, addresses: readonly string[]): readonly string[] {
    const own = new Set(this.#ownAddresses());
    const usable = addresses.filter((address) => {
      const number = parseIpv4(address);
      if (number === undefined || isIn(nowhere, number)) return false;
      const isPrivate = isIn(ofTheHost, number) || own.has(address);
      return !isPrivate || this.#entriesFor(number).some((range) => isMeant(range, number));
    });
    for (const address of usable) {
      const names = this.#learned.get(address) ?? new Set();
      this.#learned.delete(address);
      this.#learned.set(address, names.add(name));
    }
    for (const address of this.#learned.keys()) {
      if (this.#learned.size <= mostLearned) break;
      this.#learned.delete(address);
    }
    return usable;
  }

  allows(address: string, port: number): boolean {
    const number = parseIpv4(address);
    if (number === undefined || isIn(nowhere, number)) return false;
    const entries = this.#entriesFor(number, port);
    const names = [...(this.#learned.get(address) ?? [])];
    const isListed = entries.length > 0;
    const isNamedThere = names.some((name) =>
      this.#places.some((place) => isNamed(place, name) && hasPort(place, port)),
    );
    if (!isListed && !isNamedThere) return false;
    const isOfTheHost = isIn(ofTheHost, number) || this.#ownAddresses().includes(address);
    return !isOfTheHost || entries.some((range) => isMeant(range, number));
  }

  #entriesFor(number: number, port?: number): readonly Ipv4Range[] {
    return this.#places.flatMap((place) =>
      place.kind === 'addresses' && isInRange(place.range, number) && (port === undefined || hasPort(place, port))
        ? [place.range]
        : [],
    );
  }
}

function isNamed(place: AllowedPlace, name: string): boolean {
  if (place.kind === 'name') return place.name === name;
  return place.kind === 'names' && name.endsWith(`.${place.suffix}`);
}

function hasPort(place: AllowedPlace, port: number): boolean {
  return place.port === undefined || place.port === port;
}

/** Whether a range was written for an address of the host: it is that one alone, or lies within what is the host's. */
function isMeant(range: Ipv4Range, number: number): boolean {
  if (range.prefix === 32) return true;
  const all = ofTheHost.find((one) => isInRange(one, number));
  return all !== undefined && isInRange(all, range.base) && range.prefix >= all.prefix;
}

function isIn(all: readonly Ipv4Range[], number: number): boolean {
  return all.some((range) => isInRange(range, number));
}

function isInRange({ base, size }: Ipv4Range, number: number): boolean {
  return number >= base && number < base + size;
}
