import { etherType } from '../frames/ethernet.ts';
import { ethernetFrame } from './packets.ts';

/** ARP for IPv4 over Ethernet (RFC 826). */
export interface ArpMessage {
  readonly operation: number;
  readonly senderMac: Buffer;
  readonly senderIp: Buffer;
  readonly targetMac: Buffer;
  readonly targetIp: Buffer;
}

export const arpOperation = { request: 1, reply: 2 } as const;

const kind = Buffer.from([0x00, 0x01, 0x08, 0x00, 6, 4]);

/** Reads what follows the Ethernet header; undefined when it is not ARP for IPv4 over Ethernet. */
export function readArp(bytes: Buffer, at: number, end: number): ArpMessage | undefined {
  if (end - at < 28 || bytes.compare(kind, 0, 6, at, at + 6) !== 0) return undefined;
  return {
    operation: bytes.readUInt16BE(at + 6),
    senderMac: bytes.subarray(at + 8, at + 14),
    senderIp: bytes.subarray(at + 14, at + 18),
    targetMac: bytes.subarray(at + 18, at + 24),
    targetIp: bytes.subarray(at + 24, at + 28),
  };
}

/** The frame of a message to this station. */
export function arpFrame(to: Buffer, { operation, senderMac, senderIp, targetMac, targetIp }: ArpMessage): Buffer {
  const payload = Buffer.concat([kind, Buffer.from([0, operation]), senderMac, senderIp, targetMac, targetIp]);
  return ethernetFrame(to, senderMac, etherType.arp, payload);
}
