import { checksum, ipPacket, type Packet, protocolNumber, pseudoSum, wordSum } from '../../gateway/packets.ts';

export const tcpFlag = { fin: 0x01, syn: 0x02, reset: 0x04, push: 0x08, ack: 0x10 } as const;

/** A segment of TCP (RFC 9293 §3.1). */
export interface Segment {
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  /** As it is written: not yet scaled. */
  readonly window: number;
  /** Of the options of the first segment: the most that the sender takes at once, and the shift of its windows (RFC 7323). */
  readonly mss?: number;
  readonly scale?: number;
  readonly payload: Buffer;
}

/** RFC 7323 §2.3. */
const mostScale = 14;

/** Reads a segment; undefined when it is malformed or damaged. */
export function readSegment(packet: Packet): Segment | undefined {
  const { payload: bytes, protocol } = packet;
  if (protocol !== protocolNumber.tcp || bytes.length < 20) return undefined;
  const headerBytes = ((bytes[12] as number) >> 4) * 4;
  if (headerBytes < 20 || headerBytes > bytes.length) return undefined;
  if (checksum(wordSum(bytes, 0, bytes.length, pseudoSum(packet))) !== 0) return undefined;
  return {
    sourcePort: bytes.readUInt16BE(0),
    targetPort: bytes.readUInt16BE(2),
    sequence: bytes.readUInt32BE(4),
    acknowledgement: bytes.readUInt32BE(8),
    flags: bytes[13] as number,
    window: bytes.readUInt16BE(14),
    ...readOptions(bytes, headerBytes),
    payload: bytes.subarray(headerBytes),
  };
}

/** What is malformed among options ends them. */
function readOptions(bytes: Buffer, end: number): Pick<Segment, 'mss' | 'scale'> {
  const found: { mss?: number; scale?: number } = {};
  for (let at = 20; at < end; ) {
    const kind = bytes[at] as number;
    if (kind === 0) break;
    if (kind === 1) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] as number) : 0;
    if (length < 2 || at + length > end) break;
    if (kind === 2 && length === 4) found.mss = bytes.readUInt16BE(at + 2);
    if (kind === 3 && length === 3) found.scale = Math.min(bytes[at + 2] as number, mostScale);
    at += length;
  }
  return found;
}

/** The packet of IPv4 that carries a segment. */
export function segmentPacket(source: Buffer, target: Buffer, segment: Segment): Buffer {
  const { mss, scale, payload } = segment;
  const options = [
    ...(mss === undefined ? [] : [2, 4, mss >> 8, mss & 0xff]),
    ...(scale === undefined ? [] : [1, 3, 3, scale]),
  ];
  const headerBytes = 20 + options.length;
  const bytes = Buffer.alloc(headerBytes + payload.length);
  bytes.writeUInt16BE(segment.sourcePort, 0);
  bytes.writeUInt16BE(segment.targetPort, 2);
  bytes.writeUInt32BE(segment.sequence, 4);
  bytes.writeUInt32BE(segment.acknowledgement, 8);
  bytes[12] = (headerBytes / 4) << 4;
  bytes[13] = segment.flags;
  bytes.writeUInt16BE(segment.window, 14);
  bytes.set(options, 20);
  payload.copy(bytes, headerBytes);
  const packet: Packet = { source, target, protocol: protocolNumber.tcp, payload: bytes };
  bytes.writeUInt16BE(checksum(wordSum(bytes, 0, bytes.length, pseudoSum(packet))), 16);
  return ipPacket(packet);
}
