/** Types of messages (RFC 2132 §9.6). */
export const dhcpType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** Numbers of options (RFC 2132; 119: RFC 3397; 26: §5.1). */
export const dhcpOption = {
  mask: 1,
  router: 3,
  dns: 6,
  hostname: 12,
  domain: 15,
  mtu: 26,
  broadcast: 28,
  requestedIp: 50,
  leaseSeconds: 51,
  type: 53,
  server: 54,
  renewal: 58,
  rebinding: 59,
  search: 119,
} as const;

const cookie = 0x63825363;
const fixedBytes = 240;
/** What every client takes (RFC 2131 §2: 576 bytes of IP); BOOTP's own least is 300. */
const leastBytes = 300;

export interface DhcpRequest {
  readonly type: number;
  readonly transaction: number;
  readonly seconds: number;
  readonly wantsBroadcast: boolean;
  /** The address that it has already, or 0.0.0.0. */
  readonly clientIp: Buffer;
  /** Where a relay is, or 0.0.0.0. */
  readonly relayIp: Buffer;
  readonly clientMac: Buffer;
  readonly options: ReadonlyMap<number, Buffer>;
}

/** Reads what a client sent (RFC 2131 §2); undefined when it is not a request of a card of Ethernet. */
export function readDhcp(bytes: Buffer): DhcpRequest | undefined {
  if (bytes.length < fixedBytes || bytes[0] !== 1 || bytes[1] !== 1 || bytes[2] !== 6) return undefined;
  if (bytes.readUInt32BE(236) !== cookie) return undefined;
  const options = readOptions(bytes);
  const type = options?.get(dhcpOption.type);
  if (!options || type?.length !== 1) return undefined;
  return {
    type: type[0] as number,
    transaction: bytes.readUInt32BE(4),
    seconds: bytes.readUInt16BE(8),
    wantsBroadcast: (bytes.readUInt16BE(10) & 0x8000) !== 0,
    clientIp: bytes.subarray(12, 16),
    relayIp: bytes.subarray(24, 28),
    clientMac: bytes.subarray(28, 34),
    options,
  };
}

/** Code, length and value of each, up to the end mark; undefined when one is longer than what is there. */
function readOptions(bytes: Buffer): Map<number, Buffer> | undefined {
  const options = new Map<number, Buffer>();
  for (let at = fixedBytes; at < bytes.length; ) {
    const code = bytes[at] as number;
    if (code === 255) break;
    if (code === 0) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1];
    if (length === undefined || at + 2 + length > bytes.length) return undefined;
    if (!options.has(code)) options.set(code, bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}

export interface DhcpReply {
  readonly type: number;
  /** The address that the client gets; 0.0.0.0 in a refusal. */
  readonly yourIp: Buffer;
  readonly serverIp: Buffer;
  readonly options: readonly (readonly [code: number, value: Buffer])[];
}

/** The answer to a request. */
export function dhcpReply(request: DhcpRequest, { type, yourIp, serverIp, options }: DhcpReply): Buffer {
  const head = Buffer.alloc(fixedBytes);
  head[0] = 2;
  head[1] = 1;
  head[2] = 6;
  head.writeUInt32BE(request.transaction, 4);
  if (request.wantsBroadcast) head.writeUInt16BE(0x8000, 10);
  if (type === dhcpType.ack) request.clientIp.copy(head, 12);
  yourIp.copy(head, 16);
  serverIp.copy(head, 20);
  request.clientMac.copy(head, 28);
  head.writeUInt32BE(cookie, 236);
  const all: (readonly [number, Buffer])[] = [
    [dhcpOption.type, Buffer.from([type])],
    [dhcpOption.server, serverIp],
    ...options,
  ];
  const parts = all.flatMap(([code, value]) => [Buffer.from([code, value.length]), value]);
  const message = Buffer.concat([head, ...parts, Buffer.from([255])]);
  return message.length < leastBytes ? Buffer.concat([message], leastBytes) : message;
}
