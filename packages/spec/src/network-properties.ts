import { formatIpv4Range, parseIpv4Range, rangesOverlap } from './ipv4-range.ts';
import { formatIpv6Prefix, parseIpv6Prefix } from './ipv6-prefix.ts';
import type { Rule } from './machine-rules.ts';
import type { NetworkSpec } from './network-spec.ts';

/** All that is said of one property of a network. No member has a default: one that is forgotten does not compile. */
export interface NetworkProperty<T> {
  /** The options that set it, in the order of the docs. Null for the name. */
  readonly options: readonly NetworkOption[] | null;
  /** What its value must be; null where checks of their own say so. */
  readonly rule: Rule<T> | null;
  /** The value without an option; undefined where it is allocated, or absent. */
  readonly default: T | undefined;
}

export interface NetworkOption {
  readonly name: string;
  /** For the table of docs/lab.md, in Markdown. */
  readonly docs: { readonly default: string; readonly about: string };
}

/** Ranges in which no machine can have an address of its own: RFC 6890. */
const special = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].flatMap(
  (text) => parseIpv4Range(text) ?? [],
);

const leastMtu = 1280;
const mostMtu = 9000;

/** What a network is made of: all that is said of each property, once, in the order of `NetworkSpec`. */
export const networkProperties = {
  name: { options: null, rule: null, default: undefined },
  cidr: {
    options: [
      {
        name: 'cidr',
        docs: {
          default: 'a free range `10.x.y.0/24`',
          about: 'IPv4 range from /8 to /30, such as `10.40.0.0/24`; the first address is that of the network itself',
        },
      },
    ],
    rule: {
      fits: (text) => {
        const range = parseIpv4Range(text);
        if (!range || range.prefix < 8 || range.prefix > 30 || formatIpv4Range(range) !== text) return false;
        return special.every((one) => !rangesOverlap(one, range));
      },
      expected: 'an IPv4 range from /8 to /30 that begins where it says, such as 10.40.0.0/24',
      hint: "write cidr: '10.40.0.0/24', or leave it out and goqemu chooses a free range",
    },
    default: undefined,
  },
  cidr6: {
    options: [
      {
        name: 'cidr6',
        docs: { default: 'none', about: 'IPv6 range, always a /64, such as `fd00:40::/64`' },
      },
      {
        name: 'ipv6',
        docs: { default: '`false`', about: '`true`: goqemu chooses an IPv6 range, `fd…::/64` (RFC 4193)' },
      },
    ],
    rule: {
      fits: (text) => {
        const groups = parseIpv6Prefix(text);
        // Unicast that can be given out: global, or unique local.
        return groups !== undefined && /^([23]...|f[cd]..)$/.test(groups[0] ?? '');
      },
      expected: 'an IPv6 range /64 that begins where it says, such as fd00:40::/64',
      hint: "write cidr6: 'fd00:40::/64', or ipv6: true and goqemu chooses a range",
    },
    default: undefined,
  },
  mtu: {
    options: [
      { name: 'mtu', docs: { default: '1500', about: `bytes of payload in a frame, ${leastMtu} to ${mostMtu}` } },
    ],
    rule: {
      fits: (mtu) => Number.isInteger(mtu) && mtu >= leastMtu && mtu <= mostMtu,
      expected: `a whole number from ${leastMtu} to ${mostMtu}`,
      hint: 'write mtu: 1500',
    },
    default: 1500,
  },
  nat: {
    options: [
      {
        name: 'nat',
        docs: {
          default: '`false`',
          about: '`true`: its machines reach what the host reaches, by the host’s addresses',
        },
      },
    ],
    rule: null,
    default: undefined,
  },
  internet: {
    options: [
      {
        name: 'internet',
        docs: {
          default: 'none',
          about:
            "[the places outside](networks.md#chosen-places-alone) that its machines reach: `{ allow: ['packages.example.org'] }`",
        },
      },
    ],
    rule: null, // `allowMistake` says what is wrong, and where
    default: undefined,
  },
  faults: {
    options: [
      {
        name: 'faults',
        docs: {
          default: 'none',
          about: '[what goes wrong](networks.md#faults), such as `{ latency: 50, loss: 0.01 }`',
        },
      },
    ],
    rule: null,
    default: undefined,
  },
} as const satisfies { readonly [K in keyof NetworkSpec]-?: NetworkProperty<NonNullable<NetworkSpec[K]>> };

export type NetworkPropertyName = keyof typeof networkProperties;
/** Every option of a network. */
export type NetworkOptionName = NonNullable<(typeof networkProperties)[NetworkPropertyName]['options']>[number]['name'];

/** Rows as they are where a property is not known by name. */
export const networkPropertyRows = Object.entries(networkProperties) as unknown as readonly (readonly [
  NetworkPropertyName,
  NetworkProperty<unknown>,
])[];

/** The same text for the same range. */
export function shortestCidr6(cidr6: string): string {
  return formatIpv6Prefix(parseIpv6Prefix(cidr6) ?? []);
}
