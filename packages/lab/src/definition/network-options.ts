import type { NetworkFaults } from '@goqemu/spec';

/** What the machines of a network reach outside of it. */
export interface InternetOption {
  /** Names, IPv4 addresses and ranges, at most 256. An empty list allows nothing. */
  readonly allow: readonly string[];
}

/** Options of {@link LabBuilder.network}. */
export interface NetworkOptions {
  /**
   * IPv4 range, from /8 to /30. The first address is that of the network itself: DHCP, and the names of its machines.
   *
   * @default a free range 10.x.y.0/24, which the network keeps
   * @example '10.40.0.0/24'
   */
  readonly cidr?: string;
  /**
   * IPv6 range, always a /64.
   *
   * @default none
   * @example 'fd00:40::/64'
   */
  readonly cidr6?: string;
  /**
   * Whether machines have IPv6 addresses, in a unique local range that goqemu chooses (RFC 4193).
   *
   * @default false, or true with cidr6
   * @example true
   */
  readonly ipv6?: boolean;
  /**
   * Bytes of payload in a frame, 1280 to 9000.
   *
   * @default 1500
   * @example 9000
   */
  readonly mtu?: number;
  /**
   * Whether its machines reach what the host reaches, by the host's addresses. A machine in networks of which none has
   * it reaches those alone.
   *
   * @default false
   * @example true
   */
  readonly nat?: boolean;
  /**
   * The places outside that its machines reach, by the host's addresses; everything else is refused at once. Names also
   * as `*.example.org`, IPv4 addresses and ranges, each with `:443` behind it for one port alone. A change takes effect
   * with the next apply, while machines run. Not together with `nat`.
   *
   * @default nothing outside is reached
   * @example { allow: ['packages.example.org', '*.debian.org:443', '203.0.113.0/24'] }
   */
  readonly internet?: InternetOption;
  /**
   * What goes wrong in it. A change takes effect with the next apply, while machines run; `goqemu network` sets other
   * faults in their place for a while.
   *
   * @default nothing
   * @example { latency: 50, loss: 0.01, machines: { db: { to: { rate: 125_000 } } } }
   */
  readonly faults?: NetworkFaults;
}

/**
 * A network of the lab, as machines take it: `networks: { lan }`. Its addresses are plain values, known before anything
 * is made.
 */
export interface LabNetwork<Name extends string = string> {
  readonly name: Name;
  /** IPv4 range: `10.40.0.0/24`. */
  readonly cidr: string;
  /** The network's own IPv4 address, the first of its range. */
  readonly gateway: string;
  /** IPv6 range, where it has one: `fd00:40::/64`. */
  readonly cidr6?: string;
  /** The network's own IPv6 address, where it has one. */
  readonly gateway6?: string;
  /** Bytes of payload in a frame. */
  readonly mtu: number;
}

/**
 * The networks that a machine is in, a network card for each: by names of your choice, or under their own. One that is
 * named twice gives two cards.
 *
 * @example { lan, storage: dmz }
 * @example [lan, dmz]
 */
export type NetworksOption = Readonly<Record<string, LabNetwork>> | readonly LabNetwork[];

/** The names of a machine's network cards. */
export type CardNames<Networks extends NetworksOption> = Networks extends readonly LabNetwork<infer Name>[]
  ? Name
  : keyof Networks & string;
