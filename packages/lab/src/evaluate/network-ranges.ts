import { lengthPrefixedDigest } from '@goqemu/core';
import {
  formatIpv4Range,
  formatIpv6Prefix,
  type Ipv4Range,
  type NetworkSpec,
  parseIpv4Range,
  parseIpv6Prefix,
  rangesOverlap,
} from '@goqemu/spec';
import type { TakenRange } from '../backend/networks.ts';

/** Private ranges (RFC 1918) in which a network without a range of its own may lie, in the order of their trial. */
const pools = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].flatMap((pool) => parseIpv4Range(pool) ?? []);
/** Bits of a range that is chosen. */
const chosenPrefix = 24;
const attemptsPerPool = 64;

/** What ranges are chosen by. */
export interface RangeContext {
  /** The path of the state: the first plan then names the range that an apply after it gives. */
  readonly place: string;
  /** Networks that were given a range before. */
  readonly recorded: Readonly<Record<string, NetworkSpec>>;
  /** Ranges that the place uses for something else. */
  readonly taken: readonly TakenRange[];
}

/**
 * The range that a network had before; else a free one that follows from the place of the state and the name, so that networks
 * added or taken out move no other. Where all are taken the plan says by whom.
 */
export function chooseRange(name: string, others: readonly string[], context: RangeContext): string {
  const recorded = Object.hasOwn(context.recorded, name) ? context.recorded[name] : undefined;
  if (recorded) return recorded.cidr;
  const used = [...others, ...Object.values(context.recorded).map(({ cidr }) => cidr)];
  const avoid = [...used, ...context.taken.map(({ cidr }) => cidr)].flatMap((cidr) => parseIpv4Range(cidr) ?? []);
  const candidates = pools.flatMap((pool, index) =>
    Array.from({ length: attemptsPerPool }, (_, attempt) =>
      candidate(pool, [context.place, name, String(index), String(attempt)]),
    ),
  );
  const free = candidates.find((range) => avoid.every((other) => !rangesOverlap(range, other)));
  return formatIpv4Range(free ?? (candidates[0] as Ipv4Range));
}

function candidate(pool: Ipv4Range, purpose: readonly string[]): Ipv4Range {
  const size = 2 ** (32 - chosenPrefix);
  const digest = lengthPrefixedDigest(['goqemu-network', ...purpose]);
  // Not the first of the pool: everyone's examples are there.
  const number = 1 + (Number.parseInt(digest.slice(0, 8), 16) % (pool.size / size - 1));
  return { base: pool.base + number * size, prefix: chosenPrefix, size };
}

/** A unique local range (RFC 4193): 40 bits of its own, from the place of the state and the name. */
export function chooseRange6(name: string, { place, recorded }: RangeContext): string {
  const before = Object.hasOwn(recorded, name) ? recorded[name]?.cidr6 : undefined;
  if (before !== undefined) return before;
  const digest = lengthPrefixedDigest(['goqemu-network6', place, name]);
  const groups = [`fd${digest.slice(0, 2)}`, digest.slice(2, 6), digest.slice(6, 10), digest.slice(10, 14)];
  return formatIpv6Prefix(parseIpv6Prefix(`${groups.join(':')}::/64`) ?? []);
}
