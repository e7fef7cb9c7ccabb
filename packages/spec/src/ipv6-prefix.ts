/**
 * The first four groups of an IPv6 range of the length that hosts choose their addresses in, `fd00:40::/64` (RFC 4291
 * §2.5.1), without leading zeros; undefined for what is none, or has bits of a host.
 */
export function parseIpv6Prefix(text: unknown): readonly string[] | undefined {
  const [, address = ''] = (typeof text === 'string' && /^([\da-f:]+)\/64$/i.exec(text)) || [];
  const [head = '', tail, ...more] = address.toLowerCase().split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const omitted = 8 - before.length - after.length;
  if (more.length > 0 || (tail === undefined ? omitted !== 0 : omitted < 1)) return undefined;
  const all = [...before, ...Array.from({ length: omitted }, () => '0'), ...after];
  if (!all.every((group) => /^[\da-f]{1,4}$/.test(group))) return undefined;
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
