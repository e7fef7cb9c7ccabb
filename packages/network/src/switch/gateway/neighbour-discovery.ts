import { checksum, type Packet, protocolNumber, pseudoSum, wordSum } from './packets.ts';

/** Types of ICMPv6 (RFC 4443, RFC 4861). */
export const icmp6Type = {
  unreachable: 1,
  echo: 128,
  echoReply: 129,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  solicitation: 135,
  advertisement: 136,
} as const;

export const allNodes = Buffer.from('ff020000000000000000000000000001', 'hex');

/** The link-local address that follows from a MAC (RFC 4291, appendix A). */
export function linkLocal(mac: Buffer): Buffer {
  const bytes = Buffer.from('fe80000000000000000000fffe000000', 'hex');
  bytes[8] = (mac[0] as number) ^ 2;
  mac.copy(bytes, 9, 1, 3);
  mac.copy(bytes, 13, 3, 6);
  return bytes;
}

/** The MAC of a group of IPv6 (RFC 2464 §7). */
export function groupMac(ip: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x33, 0x33]), ip.subarray(12)]);
}

/** A packet of ICMPv6, with its checksum. */
export function icmp6Packet(source: Buffer, target: Buffer, message: Buffer): Packet {
  const packet: Packet = { source, target, protocol: protocolNumber.icmp6, payload: message };
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksum(wordSum(message, 0, message.length, pseudoSum(packet))), 2);
  return packet;
}

/** RFC 4861 §4.4; flags: 0x80 router, 0x40 solicited, 0x20 override. */
export function neighbourAdvertisement(ip: Buffer, mac: Buffer, flags: number): Buffer {
  const head = Buffer.from([icmp6Type.advertisement, 0, 0, 0, flags, 0, 0, 0]);
  return Buffer.concat([head, ip, Buffer.from([2, 1]), mac]);
}

export interface RouterAdvertisement {
  readonly prefix: Buffer;
  readonly prefixLength: number;
  readonly mtu: number;
  readonly mac: Buffer;
  readonly dns: Buffer;
  readonly domain: string;
}

/** Seconds for which the name server and the domain hold. */
const dnsSeconds = 86_400;

/** RFC 4861 §4.2 with the options of §4.6, and those for names of RFC 8106. */
export function routerAdvertisement(given: RouterAdvertisement): Buffer {
  const head = Buffer.alloc(16);
  head[0] = icmp6Type.routerAdvertisement;
  head[4] = 64;
  const prefix = Buffer.alloc(32);
  prefix.set([3, 4, given.prefixLength, 0xc0]); // on this link, and good to make an address of
  prefix.fill(0xff, 4, 12); // for ever
  given.prefix.copy(prefix, 16);
  const mtu = Buffer.from([5, 1, 0, 0, 0, 0, given.mtu >> 8, given.mtu & 0xff]);
  const dns = Buffer.concat([Buffer.from([25, 3, 0, 0]), seconds(dnsSeconds), given.dns]);
  return Buffer.concat([head, prefix, mtu, Buffer.from([1, 1]), given.mac, dns, searchOption(given.domain)]);
}

function searchOption(domain: string): Buffer {
  const labels = domain.split('.').map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1'));
  const name = Buffer.concat([...labels, Buffer.alloc(1)]);
  const option = Buffer.alloc(8 + 8 * Math.ceil(name.length / 8));
  option.set([31, option.length / 8]);
  seconds(dnsSeconds).copy(option, 4);
  name.copy(option, 8);
  return option;
}

function seconds(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(count);
  return bytes;
}
