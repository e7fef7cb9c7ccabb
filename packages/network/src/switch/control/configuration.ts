import { parseAllowedPlace } from '@goqemu/spec';
import { z } from 'zod';
import { ip4Number, isInRange, range4 } from '../gateway/ip-range.ts';
import { networkFaults } from './fault-settings.ts';

/** A machine, a card or a network, as labs name them. */
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'expected letters, digits, ".", "_" or "-"');
/** A host name as in DNS: labels of letters, digits and "-" (RFC 1123). */
const hostname = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i, 'expected a host name');
const mac = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'expected an address such as 52:54:00:12:34:56')
  .refine(
    (text) => (Number.parseInt(text.slice(0, 2), 16) & 1) === 0,
    'expected the address of one card, not of a group',
  );

/** An address that is none ends the check: what follows calculates with it. */
const abort = true;
const ip4 = z.ipv4({ abort });
const ip6 = z.ipv6({ abort });
const cidr4 = z.cidrv4({ abort });
const cidr6 = z.cidrv6({ abort });

const allowedPlace = z
  .string()
  .max(300)
  .refine((text) => parseAllowedPlace(text) !== undefined, 'expected a name, an address or a range');

const endpoint = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unix'), path: z.string().min(1).max(107) }),
  z.strictObject({ kind: z.literal('port-file'), path: z.string().min(1).max(4096) }),
]);

const network = z.strictObject({
  name,
  /** Its range, `10.40.0.0/24`: from /8 to /30. */
  cidr: cidr4,
  /** Its IPv6 range, `fd00:40::/64`. Default: no IPv6 besides link-local addresses. */
  cidr6: cidr6.optional(),
  /** Bytes of payload in a frame; guests get it by DHCP. @default 1500 */
  mtu: z.number().int().min(576).max(65_521).default(1500),
  /** Address at which the switch itself answers (DHCP, DNS, ping). Default: the first of the range. */
  gateway: ip4.optional(),
  /** The same in IPv6. Default: the first of the range. */
  gateway6: ip6.optional(),
  /** What is behind the names of its machines: `web.lan`. @default 'lan' */
  domain: hostname.default('lan'),
  /** Seconds for which guests get their address. @default 86_400 */
  leaseSeconds: z.number().int().min(60).max(0xffff_fffe).default(86_400),
  /** What goes wrong in it, unless other faults are set while the switch runs. Default: nothing. */
  faults: networkFaults.optional(),
});

const port = z.strictObject({
  machine: name,
  card: name,
  network: name,
  endpoint,
  /** Where its next QEMU listens: one that takes over from another is started beside it. Both are dialled in turn. */
  otherEndpoint: endpoint.optional(),
  mac,
  /** The address that the card gets by DHCP. Default: it gets none. */
  ip: ip4.optional(),
  ip6: ip6.optional(),
  /** Default: the machine's name. */
  hostname: hostname.optional(),
  /** The places outside that the machine reaches (`AllowedPlace` of the specs). Default: it reaches none. */
  allow: z.array(allowedPlace).max(1024).optional(),
  /** Whether DHCP says that the way there is by this card. @default false */
  router: z.boolean().default(false),
  /** Other names that resolve to it. */
  aliases: z.array(hostname).max(32).default([]),
});

/** Everything that a switch is to be: applied again it changes what is different, and nothing else. */
export const switchConfiguration = z
  .strictObject({ networks: z.array(network).max(256), ports: z.array(port).max(1024) })
  .superRefine(({ networks, ports }, context) => {
    const report = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    const refuse = (list: string, what: string, doubles: readonly number[]) => {
      for (const index of doubles) report([list, index], `another one has the same ${what}`);
    };
    refuse(
      'networks',
      'name',
      doublesIn(networks, ({ name }) => name),
    );
    refuse('ports', 'card', doublesIn(ports, portName));
    const dialled = ports.flatMap(({ endpoint, otherEndpoint }) =>
      otherEndpoint ? [endpoint, otherEndpoint] : [endpoint],
    );
    refuse(
      'ports',
      'endpoint',
      doublesIn(dialled, (one) => JSON.stringify(one)),
    );
    refuse(
      'ports',
      'MAC address in its network',
      doublesIn(ports, ({ network, mac }) => `${network} ${mac}`),
    );
    const withAddress = ports.map((port) => ({ ...port, ip: port.ip ?? `none ${portName(port)}` }));
    refuse(
      'ports',
      'address in its network',
      doublesIn(withAddress, ({ network, ip }) => `${network} ${ip}`),
    );
    for (const [index, { cidr, gateway }] of networks.entries()) {
      const { prefix } = range4(cidr);
      if (prefix < 8 || prefix > 30) report(['networks', index, 'cidr'], 'expected a range from /8 to /30');
      if (gateway && !isInRange(gateway, cidr)) report(['networks', index, 'gateway'], `${gateway} is not in ${cidr}`);
    }
    for (const [index, port] of ports.entries()) {
      const its = networks.find(({ name }) => name === port.network);
      if (!its) report(['ports', index, 'network'], `there is no network "${port.network}"`);
      else if (port.ip && !isInRange(port.ip, its.cidr))
        report(['ports', index, 'ip'], `${port.ip} is not in ${its.cidr}`);
      else if (port.ip && ip4Number(port.ip) === gatewayNumber(its))
        report(['ports', index, 'ip'], `${port.ip} is the gateway's`);
    }
  });

export type SwitchConfigurationInput = z.input<typeof switchConfiguration>;
export type SwitchConfiguration = z.output<typeof switchConfiguration>;
export type NetworkConfiguration = SwitchConfiguration['networks'][number];
export type PortConfiguration = SwitchConfiguration['ports'][number];

/** What a port is called: `web:net1`. */
export function portName({ machine, card }: { readonly machine: string; readonly card: string }): string {
  return `${machine}:${card}`;
}

function gatewayNumber({ cidr, gateway }: { readonly cidr: string; readonly gateway?: string | undefined }): number {
  return gateway ? ip4Number(gateway) : range4(cidr).first;
}

/** Places of the items whose key an earlier one has. */
function doublesIn<T>(items: readonly T[], keyOf: (item: T) => string): readonly number[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const key = keyOf(item);
    if (seen.has(key)) return [index];
    seen.add(key);
    return [];
  });
}
