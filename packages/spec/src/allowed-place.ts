import { shownValue } from '@goqemu/core';
import { formatIpv4Range, type Ipv4Range, parseIpv4, parseIpv4Range } from './ipv4-range.ts';

/** Where the machines of a network may go: an entry of `internet.allow`. */
export type AllowedPlace = {
  /** The only port; absent where all ports are allowed. */
  readonly port?: number;
} & (
  | { readonly kind: 'name'; readonly name: string }
  /** All names that end so, whatever is before it: `*.example.org`, without `example.org` itself. */
  | { readonly kind: 'names'; readonly suffix: string }
  | { readonly kind: 'addresses'; readonly range: Ipv4Range }
);

/** The most entries of one network: each is looked at for each new connection. */
export const mostAllowedPlaces = 256;

/** RFC 1123; a name without a dot is of the lab, or of the host's own network. */
const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** Undefined for what is no entry; `expected` of {@link allowMistake} says what one is. */
export function parseAllowedPlace(text: unknown): AllowedPlace | undefined {
  const [, place = '', digits] = (typeof text === 'string' && /^([^:]+)(?::(\d{1,5}))?$/.exec(text)) || [];
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const only = port === undefined ? {} : { port };
  if (/^[\d./]+$/.test(place)) {
    const range = rangeOf(place);
    return range && { kind: 'addresses', range, ...only };
  }
  const name = place.toLowerCase();
  if (hostName.test(name)) return { kind: 'name', name, ...only };
  const suffix = name.startsWith('*.') ? name.slice(2) : '';
  return hostName.test(suffix) ? { kind: 'names', suffix, ...only } : undefined;
}

/** A range begins where it says, as everywhere: `203.0.113.7/24` is more likely a mistake. */
function rangeOf(text: string): Ipv4Range | undefined {
  const address = parseIpv4(text);
  if (address !== undefined) return { base: address, prefix: 32, size: 1 };
  const range = parseIpv4Range(text);
  return range && formatIpv4Range(range) === text ? range : undefined;
}

/** What is wrong with an option `internet`; undefined for a right one. */
export function allowMistake(internet: unknown): { readonly at: string; readonly expected: string } | undefined {
  if (typeof internet !== 'object' || internet === null || Array.isArray(internet))
    return { at: 'internet', expected: 'an object with the list allow' };
  const unknown = Object.keys(internet).find((key) => key !== 'allow');
  if (unknown !== undefined) return { at: `internet.${unknown}`, expected: 'left out: internet has allow alone' };
  const { allow } = internet as { readonly allow?: unknown };
  if (!Array.isArray(allow) || allow.length > mostAllowedPlaces)
    return { at: 'internet.allow', expected: `a list of at most ${mostAllowedPlaces} names and addresses` };
  const wrong = allow.findIndex((place) => parseAllowedPlace(place) === undefined);
  if (wrong === -1) return undefined;
  const expected =
    'a name (packages.example.org, *.example.org) or IPv4 (198.51.100.7, 203.0.113.0/24), with a port or none';
  return { at: `internet.allow[${wrong}]`, expected: `${expected}, got ${shownValue(allow[wrong])}` };
}

/** Each entry once, names in lower case, in the order of the lab. */
export function tidyAllowedPlaces(allow: readonly string[]): readonly string[] {
  return [...new Set(allow.map((place) => place.toLowerCase()))];
}

const plural = { name: 'names', address: 'addresses', range: 'ranges' } as const;

/** `2 names, 1 range`. */
export function allowSummary(allow: readonly string[]): string {
  const kinds = allow.map(allowedKind);
  const parts = (['name', 'address', 'range'] as const).flatMap((kind) => {
    const count = kinds.filter((one) => one === kind).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? kind : plural[kind]}`];
  });
  return parts.join(', ') || 'nothing';
}

/** What an entry is, for plans. */
export function allowedKind(text: string): 'name' | 'address' | 'range' {
  const place = parseAllowedPlace(text);
  if (place?.kind !== 'addresses') return 'name';
  return place.range.prefix === 32 ? 'address' : 'range';
}
