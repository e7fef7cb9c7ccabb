import type { NetworkConfiguration, PortConfiguration } from '../control/configuration.ts';
import { ipBytes, range4, range6 } from './ip-range.ts';

export interface NameRecord {
  readonly type: 'A' | 'AAAA' | 'PTR';
  readonly data: string;
}

/** What a network's names and addresses resolve to. */
export interface DnsNames {
  /** The records of a name in lower case; undefined when there is no such name. */
  find(name: string): readonly NameRecord[] | undefined;
  /** Whether the network answers for this name, so that one which is not there does not exist. */
  isOwn(name: string): boolean;
}

/** Every machine by its host name and aliases, each also with the network's domain behind it, and back by its addresses. */
export function dnsNames(
  network: NetworkConfiguration,
  ports: readonly PortConfiguration[],
  gateway: string,
): DnsNames {
  const records = new Map<string, NameRecord[]>();
  const domain = network.domain.toLowerCase();
  const add = (name: string, record: NameRecord) => {
    const present = records.get(name) ?? [];
    records.set(name, [...present, record]);
  };
  const addStation = (names: readonly string[], addresses: readonly NameRecord[]) => {
    for (const name of names)
      for (const full of fullNames(name, domain)) for (const record of addresses) add(full, record);
    const [first] = names;
    if (first === undefined) return;
    for (const { data } of addresses) add(reverseName(data), { type: 'PTR', data: fullName(first, domain) });
  };
  addStation(['gateway'], [{ type: 'A', data: gateway }]);
  for (const { machine, hostname = machine, aliases, ip, ip6 } of ports) {
    const addresses: NameRecord[] = [
      ...(ip ? [{ type: 'A' as const, data: ip }] : []),
      ...(ip6 ? [{ type: 'AAAA' as const, data: ip6 }] : []),
    ];
    addStation([...new Set([hostname, machine, ...aliases].map((name) => name.toLowerCase()))], addresses);
  }
  const zones = [reverseZone4(network.cidr), ...(network.cidr6 ? [reverseZone6(network.cidr6)] : [])];
  return {
    find: (name) => records.get(name),
    isOwn: (name) =>
      !name.includes('.') || [domain, ...zones].some((zone) => name === zone || name.endsWith(`.${zone}`)),
  };
}

/** `web` is also `web.lan`; a name that has the domain already is also known without it. */
function fullNames(name: string, domain: string): string[] {
  const short = name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name;
  return [short, `${short}.${domain}`];
}

function fullName(name: string, domain: string): string {
  return name.endsWith(`.${domain}`) ? name : `${name}.${domain}`;
}

/** RFC 1035 §3.5 and RFC 3596 §2.5. */
function reverseName(address: string): string {
  const bytes = ipBytes(address);
  if (bytes.length === 4) return `${[...bytes].reverse().join('.')}.in-addr.arpa`;
  return `${[...bytes.toString('hex')].reverse().join('.')}.ip6.arpa`;
}

/** The names of whole bytes that the range fixes: `40.10.in-addr.arpa` for 10.40.0.0/20. */
function reverseZone4(cidr: string): string {
  const { prefix, first } = range4(cidr);
  const bytes = [24, 16, 8, 0].map((shift) => (first >>> shift) & 0xff).slice(0, Math.floor(prefix / 8));
  return `${bytes.reverse().join('.')}.in-addr.arpa`;
}

function reverseZone6(cidr: string): string {
  const { prefix, length } = range6(cidr);
  return `${[...prefix.toString('hex').slice(0, Math.floor(length / 4))].reverse().join('.')}.ip6.arpa`;
}
