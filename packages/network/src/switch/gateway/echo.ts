import { icmp6Packet, icmp6Type } from './neighbour-discovery.ts';
import { checksum, type Packet, protocolNumber, pseudoSum, wordSum } from './packets.ts';

const echoRequest = 8;

/** The reply to a ping (RFC 792, RFC 4443 §4); undefined for anything else, and for a damaged one. */
export function answerEcho(packet: Packet): Packet | undefined {
  const { source, target, protocol, payload } = packet;
  if (payload.length < 8 || payload[1] !== 0) return undefined;
  if (protocol === protocolNumber.icmp && payload[0] === echoRequest) {
    if (checksum(wordSum(payload)) !== 0) return undefined;
    const reply = Buffer.from(payload);
    reply[0] = 0;
    reply.writeUInt16BE(0, 2);
    reply.writeUInt16BE(checksum(wordSum(reply)), 2);
    return { source: target, target: source, protocol, payload: reply };
  }
  if (protocol === protocolNumber.icmp6 && payload[0] === icmp6Type.echo) {
    if (checksum(wordSum(payload, 0, payload.length, pseudoSum(packet))) !== 0) return undefined;
    const reply = Buffer.from(payload);
    reply[0] = icmp6Type.echoReply;
    return icmp6Packet(target, source, reply);
  }
  return undefined;
}
