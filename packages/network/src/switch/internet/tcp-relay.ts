import { randomBytes } from 'node:crypto';
import { resetSocket } from '@goqemu/core';
import type { Clock } from '../clock.ts';
import { ipText } from '../gateway/ip-range.ts';
import type { Packet } from '../gateway/packets.ts';
import type { HostSockets, HostStream } from './host-sockets.ts';
import { type Segment, segmentPacket, tcpFlag } from './tcp/segment.ts';
import { TcpEndpoint } from './tcp/tcp-endpoint.ts';
import { sendRoom } from './tcp/tcp-sender.ts';

/** Connections of one machine at once. */
export const mostConnections = 256;
/** Milliseconds: for the host to connect, until an idle guest is asked for, and until it counts as gone. */
const connectMs = 30_000;
const idleMs = 15 * 60_000;
const goneMs = 20 * 60_000;
const lookMs = 60_000;
/** For which an end is acknowledged again, in case that the guest has missed it; and of how many connections. */
const lingerMs = 5_000;
const mostLingering = 256;

/** Where packets for a machine leave. */
export interface RelayOptions {
  readonly host: HostSockets;
  readonly clock: Clock;
  /** Sends a packet to a station of the network, soon. */
  readonly send: (packet: Buffer, station: Buffer) => void;
  /** Says that what a packet was for cannot be reached. */
  readonly refuse: (packet: Packet, station: Buffer, what: 'host' | 'port') => void;
  /** The network's own. */
  readonly mtu: () => number;
}

interface Connection {
  readonly address: string;
  readonly port: number;
  readonly endpoint: TcpEndpoint;
}

/** TCP connections of one machine to the outside: each ends here and is joined to one of the host. */
export class TcpRelay {
  readonly #options: RelayOptions;
  readonly #connections = new Map<string, Connection>();
  /** Both of whose ends have ended; the first of them first. */
  readonly #lingering = new Map<string, TcpEndpoint>();
  readonly #unsettled = new Set<TcpEndpoint>();
  #cancelLook: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Takes a segment to one of the connections; false where there is none, so that it is to be opened or refused. */
  input(packet: Packet, segment: Segment): boolean {
    const key = keyOf(packet, segment);
    const lingering = isFirst(segment) ? undefined : this.#lingering.get(key);
    const endpoint = this.#connections.get(key)?.endpoint ?? lingering;
    if (!endpoint) return false;
    endpoint.input(segment);
    if (!endpoint.isOver) this.#unsettled.add(endpoint);
    return true;
  }

  /** Opens a connection for a guest's first segment; false where there are too many. */
  open(packet: Packet, segment: Segment, station: Buffer): boolean {
    if (this.#connections.size >= mostConnections) return false;
    const address = ipText(packet.target);
    const key = keyOf(packet, segment);
    const stream = this.#options.host.connect(address, segment.targetPort);
    const [source, target] = [Buffer.from(packet.source), Buffer.from(packet.target)];
    const first = { ...segment, payload: Buffer.alloc(0) };
    const endpoint: TcpEndpoint = new TcpEndpoint({
      clock: this.#options.clock,
      first,
      sequence: randomBytes(4).readUInt32BE(),
      mss: this.#options.mtu() - 40,
      onSegment: (body) => {
        const ports = { sourcePort: segment.targetPort, targetPort: segment.sourcePort };
        this.#options.send(segmentPacket(target, source, { ...ports, ...body }), station);
      },
      onBytes: (bytes) => stream.write(bytes, () => endpoint.took(bytes.length)),
      onEnd: () => stream.end(),
      onRoom: () => stream.resume(),
      onClose: (isReset) => {
        this.#connections.delete(key);
        this.#unsettled.delete(endpoint);
        if (isReset) resetSocket(stream);
        else this.#linger(key, endpoint);
      },
    });
    this.#connections.set(key, { address, port: segment.targetPort, endpoint });
    this.#join(stream, endpoint, (what) => {
      this.#options.refuse({ ...packet, source, target, payload: Buffer.from(packet.payload) }, station, what);
    });
    this.#cancelLook ??= this.#options.clock.after(lookMs, () => this.#look());
    return true;
  }

  /** Acknowledges what came. */
  settle(): void {
    for (const endpoint of this.#unsettled) endpoint.settle();
    this.#unsettled.clear();
  }

  /** Resets the connections to places that are not allowed any more. */
  keepOnly(isAllowed: (address: string, port: number) => boolean): void {
    for (const { address, port, endpoint } of [...this.#connections.values()])
      if (!isAllowed(address, port)) endpoint.reset();
  }

  /** Ends all connections without a word to the guest. */
  clear(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#lingering.clear();
    for (const { endpoint } of [...this.#connections.values()]) endpoint.forget();
  }

  #linger(key: string, endpoint: TcpEndpoint): void {
    this.#lingering.set(key, endpoint);
    const [oldest] = this.#lingering.keys();
    if (this.#lingering.size > mostLingering && oldest !== undefined) this.#lingering.delete(oldest);
    this.#options.clock.after(lingerMs, () => {
      if (this.#lingering.get(key) === endpoint) this.#lingering.delete(key);
    });
  }

  #join(stream: HostStream, endpoint: TcpEndpoint, refuse: (what: 'host') => void): void {
    let isConnected = false;
    const fail = (code: string | undefined) => {
      if (endpoint.isOver) return;
      if (isConnected || code === 'ECONNREFUSED' || code === 'ECONNRESET') endpoint.reset();
      else {
        endpoint.forget();
        refuse('host');
      }
    };
    const cancel = this.#options.clock.after(connectMs, () => fail('ETIMEDOUT'));
    stream.once('connect', () => {
      isConnected = true;
      cancel();
      endpoint.accept();
    });
    stream.on('data', (bytes: Buffer) => {
      endpoint.write(bytes);
      if (endpoint.waiting >= sendRoom) stream.pause();
    });
    stream.once('end', () => endpoint.end());
    stream.on('error', (error: NodeJS.ErrnoException) => fail(error.code));
    stream.once('close', () => {
      cancel();
      if (!stream.readableEnded) fail(undefined);
    });
  }

  /** Guests that say nothing are asked; those that do not answer are gone. */
  #look(): void {
    this.#cancelLook = undefined;
    const now = this.#options.clock.now();
    for (const { endpoint } of [...this.#connections.values()]) {
      const idle = now - endpoint.heardAt;
      if (idle > goneMs) endpoint.reset();
      else if (idle > idleMs) endpoint.probe();
    }
    if (this.#connections.size > 0) this.#cancelLook = this.#options.clock.after(lookMs, () => this.#look());
  }
}

export function isFirst({ flags }: Segment): boolean {
  return (flags & (tcpFlag.syn | tcpFlag.ack | tcpFlag.reset | tcpFlag.fin)) === tcpFlag.syn;
}

function keyOf({ target }: Packet, { sourcePort, targetPort }: Segment): string {
  return `${sourcePort} ${target.readUInt32BE()} ${targetPort}`;
}
