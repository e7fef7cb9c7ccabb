import { icmp6Packet, icmp6Type } from './neighbour-discovery.ts';
import { checksum, type Packet, protocolNumber, pseudoSum, wordSum } from './packets.ts';

/** Why something cannot be reached: RFC 792, RFC 1812 §5.2.7.1 and RFC 4443 §3.1. */
const codes = { network: [0, 0], host: [1, 3], port: [3, 4], prohibited: [13, 1] } as const;

/** A reset for a segment of TCP to where nothing listens (RFC 9293 §3.10.7.1); undefined for one that is itself a reset. */
export function tcpReset(packet: Packet): Packet | undefined {
  const { payload: segment, source, target, protocol } = packet;
  if (segment.length < 20) return undefined;
  const flags = segment[13] as number;
  if ((flags & 0x04) !== 0) return undefined;
  const isAcknowledged = (flags & 0x10) !== 0;
  const headerBytes = ((segment[12] as number) >> 4) * 4;
  const taken = Math.max(0, segment.length - headerBytes) + (flags & 0x02 ? 1 : 0) + (flags & 0x01);
  const reset = Buffer.alloc(20);
  segment.copy(reset, 0, 2, 4);
  segment.copy(reset, 2, 0, 2);
  if (isAcknowledged) segment.copy(reset, 4, 8, 12);
  else reset.writeUInt32BE((segment.readUInt32BE(4) + taken) >>> 0, 8);
  reset[12] = 0x50;
  reset[13] = isAcknowledged ? 0x04 : 0x14;
  const answer: Packet = { source: target, target: source, protocol, payload: reset };
  reset.writeUInt16BE(checksum(wordSum(reset, 0, 20, pseudoSum(answer))), 16);
  return answer;
}

/** What says that a packet cannot be delivered, with the beginning of that packet. */
export function unreachable(what: keyof typeof codes, packet: Packet, whole: Buffer, from: Buffer): Packet | undefined {
  const [code4, code6] = codes[what];
  if (packet.source.length === 16) {
    const head = Buffer.from([icmp6Type.unreachable, code6, 0, 0, 0, 0, 0, 0]);
    return icmp6Packet(from, packet.source, Buffer.concat([head, whole.subarray(0, 1232)]));
  }
  const message = Buffer.concat([Buffer.from([3, code4, 0, 0, 0, 0, 0, 0]), whole.subarray(0, 548)]);
  message.writeUInt16BE(checksum(wordSum(message)), 2);
  return { source: from, target: packet.source, protocol: protocolNumber.icmp, payload: message };
}
