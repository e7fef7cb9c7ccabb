import { decode, encode } from '@leichtgewicht/ip-codec';

/** The bytes of an address: 4 or 16. */
export function ipBytes(text: string): Buffer {
  return Buffer.from(encode(text));
}

/** The address of 4 or 16 bytes. */
export function ipText(bytes: Uint8Array): string {
  return decode(bytes, 0, bytes.length);
}

/** An IPv4 address as a number. */
export function ip4Number(text: string): number {
  return ipBytes(text).readUInt32BE();
}

export interface Range4 {
  readonly prefix: number;
  readonly mask: number;
  readonly first: number;
  readonly broadcast: number;
}

/** What `10.40.0.0/24` says: the first address is the one after the network's own. */
export function range4(cidr: string): Range4 {
  const [address = '', length = ''] = cidr.split('/');
  const prefix = Number(length);
  const mask = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
  const base = (ip4Number(address) & mask) >>> 0;
  return { prefix, mask, first: base + 1, broadcast: (base | ~mask) >>> 0 };
}

/** Whether an IPv4 address is one that a station of this range can have. */
export function isInRange(ip: string, cidr: string): boolean {
  const { mask, first, broadcast } = range4(cidr);
  const number = ip4Number(ip);
  return (number & mask) >>> 0 === (first & mask) >>> 0 && number >= first && number < broadcast;
}

/** The bytes of an IPv4 address given as a number. */
export function ip4Bytes(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number >>> 0);
  return bytes;
}

/** The prefix of an IPv6 range with the bits after it cleared, and its length. */
export function range6(cidr: string): { readonly prefix: Buffer; readonly length: number } {
  const [address = '', text = ''] = cidr.split('/');
  const length = Number(text);
  const prefix = ipBytes(address);
  for (let bit = length; bit < 128; bit += 1) prefix[bit >> 3] = (prefix[bit >> 3] as number) & ~(0x80 >> (bit & 7));
  return { prefix, length };
}
