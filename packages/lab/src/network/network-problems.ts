import { parseIpv4Range, rangesOverlap } from '@goqemu/spec';
import type { Preflight } from '../backend/backend.ts';
import type { FoundNetworks } from './found-networks.ts';

/** What keeps networks from being made: the backend has none, or their addresses are used for something else. */
export function networkProblems({ input: { backend }, wanted, rows, taken }: FoundNetworks): readonly Preflight[] {
  return wanted.flatMap(({ spec: { name, cidr }, location }): Preflight[] => {
    const about = { severity: 'error' as const, network: name, ...(location ? { location } : {}) };
    if (!backend.capabilities.networks)
      return [
        {
          ...about,
          code: 'networks-unsupported',
          message: `${name}: there are no networks between machines here`,
          hint: 'take the networks out of the lab; forward reaches a machine from the host',
        },
      ];
    const range = parseIpv4Range(cidr);
    const other = taken.find((one) => {
      const its = parseIpv4Range(one.cidr);
      return range && its && rangesOverlap(range, its);
    });
    if (!other || rows[name]?.spec.cidr === cidr) return [];
    return [
      {
        ...about,
        code: 'network-address-taken',
        message: `${name}: ${cidr} overlaps ${other.cidr}, ${other.holder}`,
        hint: 'write another cidr, or leave it out and goqemu chooses a free range',
      },
    ];
  });
}
