/** An IPv4 range: `10.40.0.0/24`. */
export interface Ipv4Range {
  /** The first address, which is the network's own, as a number. */
  readonly base: number;
  /** Bits of it that all addresses share. */
  readonly prefix: number;
  /** How many addresses it has, with the network's own and the one of broadcasts. */
  readonly size: number;
}

/** Undefined for what is no range; bits of a host are left out: `10.40.0.7/24` is `10.40.0.0/24`. */
export function parseIpv4Range(text: unknown): Ipv4Range | undefined {
  const [, address = '', bits = ''] = (typeof text === 'string' && /^([\d.]+)\/(\d{1,2})$/.exec(text)) || [];
  const number = parseIpv4(address);
  const prefix = Number(bits);
  if (number === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return { base: number - (number % size), prefix, size };
}

export function formatIpv4Range({ base, prefix }: Pick<Ipv4Range, 'base' | 'prefix'>): string {
  return `${formatIpv4(base)}/${prefix}`;
}

export function parseIpv4(text: string): number | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) < 256))
    return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function rangesOverlap(one: Ipv4Range, other: Ipv4Range): boolean {
  return one.base < other.base + other.size && other.base < one.base + one.size;
}
