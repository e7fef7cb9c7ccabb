import { prefixBytes } from '../frames/frame-reader.ts';

/** Numbers of IP's protocols (IANA). */
export const protocolNumber = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** The Internet checksum (RFC 1071) over 16-bit words, to be continued by `sum`. */
export function wordSum(bytes: Uint8Array, at = 0, end = bytes.length, sum = 0): number {
  let total = sum;
  for (let index = at; index + 1 < end; index += 2)
    total += ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
  if ((end - at) % 2 === 1) total += (bytes[end - 1] as number) << 8;
  return total;
}

/** Folds a sum to the 16 bits that a header carries; 0 over bytes that contain a right checksum. */
export function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** A frame with its length before it, as ports take it. */
export function ethernetFrame(target: Uint8Array, source: Uint8Array, type: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(prefixBytes + 14 + payload.length);
  frame.writeUInt32BE(frame.length - prefixBytes);
  frame.set(target, 4);
  frame.set(source, 10);
  frame.writeUInt16BE(type, 16);
  frame.set(payload, 18);
  return frame;
}

/** What an IP packet carries, and between whom; addresses of 4 or 16 bytes. */
export interface Packet {
  readonly source: Buffer;
  readonly target: Buffer;
  readonly protocol: number;
  readonly payload: Buffer;
}

/** A packet of IPv4 (RFC 791) or, with addresses of 16 bytes, of IPv6 (RFC 8200). */
export function ipPacket({ source, target, protocol, payload }: Packet, hops = 64): Buffer {
  if (source.length === 16) {
    const header = Buffer.alloc(40);
    header[0] = 0x60;
    header.writeUInt16BE(payload.length, 4);
    header[6] = protocol;
    header[7] = hops;
    source.copy(header, 8);
    target.copy(header, 24);
    return Buffer.concat([header, payload]);
  }
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(0x4000, 6); // not to be fragmented
  header[8] = hops;
  header[9] = protocol;
  source.copy(header, 12);
  target.copy(header, 16);
  header.writeUInt16BE(checksum(wordSum(header)), 10);
  return Buffer.concat([header, payload]);
}

/** Reads an IPv4 packet; undefined for one that is malformed, damaged or a fragment. */
export function readIpv4(bytes: Buffer, at: number, end: number): Packet | undefined {
  if (end - at < 20 || (bytes[at] as number) >> 4 !== 4) return undefined;
  const headerBytes = ((bytes[at] as number) & 0x0f) * 4;
  const length = bytes.readUInt16BE(at + 2);
  if (headerBytes < 20 || length < headerBytes || at + length > end) return undefined;
  if (checksum(wordSum(bytes, at, at + headerBytes)) !== 0) return undefined;
  if ((bytes.readUInt16BE(at + 6) & 0x3fff) !== 0) return undefined; // a fragment
  return {
    source: bytes.subarray(at + 12, at + 16),
    target: bytes.subarray(at + 16, at + 20),
    protocol: bytes[at + 9] as number,
    payload: bytes.subarray(at + headerBytes, at + length),
  };
}

/** Reads an IPv6 packet without extension headers; undefined for any other. */
export function readIpv6(bytes: Buffer, at: number, end: number): Packet | undefined {
  if (end - at < 40 || (bytes[at] as number) >> 4 !== 6) return undefined;
  const length = bytes.readUInt16BE(at + 4);
  if (at + 40 + length > end) return undefined;
  return {
    source: bytes.subarray(at + 8, at + 24),
    target: bytes.subarray(at + 24, at + 40),
    protocol: bytes[at + 6] as number,
    payload: bytes.subarray(at + 40, at + 40 + length),
  };
}

/** The sum of the header that UDP, TCP and ICMPv6 imagine before theirs (RFC 768, RFC 8200 §8.1). */
export function pseudoSum({ source, target, protocol, payload }: Packet): number {
  return wordSum(source, 0, source.length, wordSum(target)) + protocol + payload.length;
}

export interface Datagram {
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly payload: Buffer;
}

/** Reads a datagram of UDP; undefined when it is malformed or damaged. */
export function readUdp(packet: Packet): Datagram | undefined {
  const { payload } = packet;
  if (payload.length < 8) return undefined;
  const length = payload.readUInt16BE(4);
  if (length < 8 || length > payload.length) return undefined;
  const carriesSum = payload.readUInt16BE(6) !== 0;
  const whole = payload.subarray(0, length);
  if (carriesSum && checksum(wordSum(whole, 0, length, pseudoSum({ ...packet, payload: whole }))) !== 0)
    return undefined;
  return { sourcePort: payload.readUInt16BE(0), targetPort: payload.readUInt16BE(2), payload: whole.subarray(8) };
}

/** A packet with a datagram. */
export function udpPacket(source: Buffer, target: Buffer, { sourcePort, targetPort, payload }: Datagram): Buffer {
  const datagram = Buffer.alloc(8 + payload.length);
  datagram.writeUInt16BE(sourcePort, 0);
  datagram.writeUInt16BE(targetPort, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  payload.copy(datagram, 8);
  const packet: Packet = { source, target, protocol: protocolNumber.udp, payload: datagram };
  const sum = checksum(wordSum(datagram, 0, datagram.length, pseudoSum(packet)));
  datagram.writeUInt16BE(sum === 0 ? 0xffff : sum, 6); // 0 would mean that there is none
  return ipPacket(packet);
}
