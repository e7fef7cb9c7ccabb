import { isIPv6 } from 'node:net';

/**
 * The first four groups of an IPv6 range of the length that hosts choose their addresses in, `fd00:40::/64` (RFC 4291
 * §2.5.1), without leading zeros; undefined for what is none, or has bits of a host.
 */
export function parseIpv6Prefix(text: unknown): readonly string[] | undefined {
  const [, address = ''] = (typeof text === 'string' && /^([\da-f:]+)\/64$/i.exec(text)) || [];
  if (!isIPv6(address)) return undefined;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  const numbers = all.map((group) => Number.parseInt(group, 16).toString(16));
  return numbers.slice(4).every((group) => group === '0') ? numbers.slice(0, 4) : undefined;
}

/** `fd00:40::/64`, the shortest text of it (RFC 5952). */
export function formatIpv6Prefix(groups: readonly string[]): string {
  return `${shortest(groups)}::/64`;
}

/** An address of the range. @param host from 1 to 2^31 */
export function ipv6Address(groups: readonly string[], host: number): string {
  const high = Math.floor(host / 0x1_0000);
  return `${shortest(groups)}::${high === 0 ? '' : `${high.toString(16)}:`}${(host % 0x1_0000).toString(16)}`;
}

/** Zeros before the address's own run of them are part of it. */
function shortest(groups: readonly string[]): string {
  const kept = [...groups];
  while (kept.at(-1) === '0') kept.pop();
  return kept.join(':');
}
