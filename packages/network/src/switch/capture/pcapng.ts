/**
 * Blocks of a capture file (draft-ietf-opsawg-pcapng), in little-endian order: the order is free, and this is the one that
 * today's processors read as it lies.
 */
const blockType = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;

const option = {
  comment: 1,
  application: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  timeResolution: 9,
  packetFlags: 2,
  received: 4,
  dropped: 5,
} as const;

/** LINKTYPE_ETHERNET. */
const ethernet = 1;
const microseconds = 6;

/** Direction in the flags of a packet, as the interface sees it. */
export const packetDirection = { inbound: 1, outbound: 2 } as const;

/** The block that a file begins with. */
export function sectionHeader(comment: string): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0); // by which a reader sees the order of bytes
  body.writeUInt16LE(1, 4);
  body.fill(0xff, 8); // of unknown length
  return block(blockType.section, body, [text(option.comment, comment), text(option.application, 'goqemu')]);
}

export interface InterfaceDescription {
  readonly name: string;
  readonly description: string;
  /** Bytes of a frame that are kept at most. */
  readonly snapLength: number;
}

export function interfaceDescription({ name, description, snapLength }: InterfaceDescription): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(ethernet, 0);
  body.writeUInt32LE(snapLength, 4);
  return block(blockType.interface, body, [
    text(option.interfaceName, name),
    text(option.interfaceDescription, description),
    value(option.timeResolution, Buffer.from([microseconds])),
  ]);
}

export interface PacketHeader {
  readonly interface: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly direction: number;
  /** Bytes of the frame, of which `kept` are in the file. */
  readonly length: number;
  readonly kept: number;
}

/** Bytes of the block of a packet. */
export function packetBytes(kept: number): number {
  return 28 + padded(kept) + 12 + 4;
}

/**
 * Writes the block of a packet at a place, with its first `kept` bytes from `from` on; returns the place after it. Its
 * parameters have positions, since this is done for every frame.
 */
export function writePacket(to: Buffer, at: number, header: PacketHeader, frame: Buffer, from: number): number {
  const { interface: id, time, direction, length, kept } = header;
  const size = packetBytes(kept);
  to.writeUInt32LE(blockType.packet, at);
  to.writeUInt32LE(size, at + 4);
  to.writeUInt32LE(id, at + 8);
  to.writeUInt32LE(Math.floor(time / 2 ** 32), at + 12);
  to.writeUInt32LE(time % 2 ** 32, at + 16);
  to.writeUInt32LE(kept, at + 20);
  to.writeUInt32LE(length, at + 24);
  frame.copy(to, at + 28, from, from + kept);
  const after = at + 28 + padded(kept);
  to.fill(0, at + 28 + kept, after);
  to.writeUInt16LE(option.packetFlags, after);
  to.writeUInt16LE(4, after + 2);
  to.writeUInt32LE(direction, after + 4);
  to.writeUInt32LE(0, after + 8); // the end of the options
  to.writeUInt32LE(size, after + 12);
  return at + size;
}

export interface InterfaceStatistics {
  readonly interface: number;
  readonly time: number;
  readonly received: number;
  readonly dropped: number;
}

export function interfaceStatistics({ interface: id, time, received, dropped }: InterfaceStatistics): Buffer {
  const body = Buffer.alloc(12);
  body.writeUInt32LE(id, 0);
  body.writeUInt32LE(Math.floor(time / 2 ** 32), 4);
  body.writeUInt32LE(time % 2 ** 32, 8);
  return block(blockType.statistics, body, [count(option.received, received), count(option.dropped, dropped)]);
}

function block(type: number, body: Buffer, options: readonly Buffer[]): Buffer {
  const content = Buffer.concat([body, ...options, Buffer.alloc(4)]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(content.length + 12, 4);
  return Buffer.concat([head, content, head.subarray(4)]);
}

function value(code: number, bytes: Buffer): Buffer {
  const whole = Buffer.alloc(4 + padded(bytes.length));
  whole.writeUInt16LE(code, 0);
  whole.writeUInt16LE(bytes.length, 2);
  bytes.copy(whole, 4);
  return whole;
}

function text(code: number, words: string): Buffer {
  return value(code, Buffer.from(words).subarray(0, 65_532));
}

function count(code: number, number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return value(code, bytes);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
