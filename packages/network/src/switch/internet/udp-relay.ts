import { ipText } from '../gateway/ip-range.ts';
import { type Datagram, type Packet, udpPacket } from '../gateway/packets.ts';
import type { HostDatagrams } from './host-sockets.ts';
import type { RelayOptions } from './tcp-relay.ts';

/** Pairs of a port of the machine and a place outside, at once; the one that was used longest ago goes. */
export const mostFlows = 256;
/** Milliseconds that a pair is kept without a datagram (RFC 4787 §4.3: at least two minutes). */
const idleMs = 120_000;

interface Flow {
  readonly address: string;
  readonly port: number;
  readonly socket: HostDatagrams;
  usedAt: number;
}

/** Datagrams of one machine to the outside and back. */
export class UdpRelay {
  readonly #options: RelayOptions;
  /** The one that was used longest ago first. */
  readonly #flows = new Map<string, Flow>();
  #cancelLook: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#flows.size;
  }

  send(packet: Packet, datagram: Datagram, station: Buffer): void {
    const key = `${packet.source.readUInt32BE()} ${datagram.sourcePort} ${packet.target.readUInt32BE()} ${datagram.targetPort}`;
    const flow = this.#flows.get(key) ?? this.#open(key, packet, datagram, station);
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    flow.usedAt = this.#options.clock.now();
    flow.socket.send(Buffer.from(datagram.payload));
  }

  /** Ends what goes to places that are not allowed any more. */
  keepOnly(isAllowed: (address: string, port: number) => boolean): void {
    for (const [key, { address, port }] of [...this.#flows]) if (!isAllowed(address, port)) this.#close(key);
  }

  clear(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    for (const key of [...this.#flows.keys()]) this.#close(key);
  }

  #open(key: string, packet: Packet, { sourcePort, targetPort }: Datagram, station: Buffer): Flow {
    const [oldest] = this.#flows.keys();
    if (this.#flows.size >= mostFlows && oldest !== undefined) this.#close(oldest);
    const address = ipText(packet.target);
    const { source, target } = { source: Buffer.from(packet.source), target: Buffer.from(packet.target) };
    const kept: Packet = { ...packet, source, target, payload: Buffer.from(packet.payload) };
    const socket = this.#options.host.datagrams(address, targetPort, {
      onMessage: (payload) => {
        if (payload.length > this.#options.mtu() - 28) return; // it would come in fragments
        const back = { sourcePort: targetPort, targetPort: sourcePort, payload };
        this.#options.send(udpPacket(target, source, back), station);
      },
      onError: ({ code }) => {
        this.#options.refuse(kept, station, code === 'ECONNREFUSED' ? 'port' : 'host');
        this.#close(key);
      },
    });
    this.#cancelLook ??= this.#options.clock.after(idleMs, () => this.#look());
    return { address, port: targetPort, socket, usedAt: 0 };
  }

  #close(key: string): void {
    this.#flows.get(key)?.socket.close();
    this.#flows.delete(key);
  }

  #look(): void {
    this.#cancelLook = undefined;
    const now = this.#options.clock.now();
    for (const [key, { usedAt }] of [...this.#flows]) if (now - usedAt >= idleMs) this.#close(key);
    if (this.#flows.size > 0) this.#cancelLook = this.#options.clock.after(idleMs, () => this.#look());
  }
}
