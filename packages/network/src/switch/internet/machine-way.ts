import type { OutsideAnswer } from '../gateway/dns-server.ts';
import { ipText } from '../gateway/ip-range.ts';
import { ipPacket, type Packet, protocolNumber, readUdp } from '../gateway/packets.ts';
import { tcpReset } from '../gateway/refusals.ts';
import type { AllowedPlaces } from './allowed-places.ts';
import type { HostNames } from './host-names.ts';
import { readSegment } from './tcp/segment.ts';
import { isFirst, mostConnections, type RelayOptions, TcpRelay } from './tcp-relay.ts';
import { UdpRelay } from './udp-relay.ts';

export interface MachineWayOptions extends RelayOptions {
  readonly names: HostNames;
  /** What the machine may reach, whichever of its networks it asks. */
  readonly places: AllowedPlaces;
  /** What was refused, and why. */
  readonly onRefusal: (what: string, why: string) => void;
}

const notListed = 'not in the list';

/** The way out of one machine by one of its networks: what it may reach, and what passes there. */
export class MachineWay {
  readonly #options: MachineWayOptions;
  readonly #places: AllowedPlaces;
  readonly #tcp: TcpRelay;
  readonly #udp: UdpRelay;
  #allow: readonly string[] = [];

  constructor(options: MachineWayOptions) {
    this.#options = options;
    this.#places = options.places;
    this.#tcp = new TcpRelay(options);
    this.#udp = new UdpRelay(options);
  }

  /** Applies another list: what is not allowed by it ends. */
  update(allow: readonly string[]): void {
    if (allow.length === this.#allow.length && allow.every((place, index) => place === this.#allow[index])) return;
    this.#allow = allow;
    this.#places.update(allow);
    const isAllowed = (address: string, port: number) => this.#places.allows(address, port);
    this.#tcp.keepOnly(isAllowed);
    this.#udp.keepOnly(isAllowed);
    void this.#learnNames();
  }

  /** The answer for a name outside; undefined for one that is refused. */
  resolve(name: string, isForAddress: boolean): Promise<OutsideAnswer> | undefined {
    if (!this.#places.allowsName(name)) {
      if (!name.endsWith('.arpa')) this.#options.onRefusal(name, notListed); // programs ask those of themselves
      return undefined;
    }
    return isForAddress ? this.#find(name) : Promise.resolve([]);
  }

  /** Takes a packet for elsewhere; returns an answer that is due at once, or `prohibited`. */
  take(packet: Packet, station: Buffer): Buffer | 'prohibited' | undefined {
    if (packet.protocol === protocolNumber.tcp) return this.#takeTcp(packet, station);
    const address = ipText(packet.target);
    if (packet.protocol !== protocolNumber.udp) {
      if (packet.protocol === protocolNumber.icmp && packet.payload[0] !== echoRequest) return undefined;
      this.#options.onRefusal(`${protocolName(packet.protocol)} ${address}`, 'TCP and UDP alone pass');
      return 'prohibited';
    }
    const datagram = readUdp(packet);
    if (!datagram) return undefined;
    if (!this.#places.allows(address, datagram.targetPort)) {
      this.#options.onRefusal(`udp ${address}:${datagram.targetPort}`, notListed);
      return 'prohibited';
    }
    this.#udp.send(packet, datagram, Buffer.from(station));
    return undefined;
  }

  /** TCP connections, and pairs of UDP ports, that it has now. */
  get connections(): number {
    return this.#tcp.size;
  }

  get flows(): number {
    return this.#udp.size;
  }

  settle(): void {
    this.#tcp.settle();
  }

  /** Ends all that passes: its guest is not what it was. */
  clear(): void {
    this.#tcp.clear();
    this.#udp.clear();
  }

  #takeTcp(packet: Packet, station: Buffer): Buffer | undefined {
    const segment = readSegment(packet);
    if (!segment || this.#tcp.input(packet, segment)) return undefined;
    const address = ipText(packet.target);
    if (isFirst(segment)) {
      const isAllowed = this.#places.allows(address, segment.targetPort);
      if (isAllowed && this.#tcp.open(packet, segment, Buffer.from(station))) return undefined;
      const why = isAllowed ? `more than ${mostConnections} connections` : notListed;
      this.#options.onRefusal(`tcp ${address}:${segment.targetPort}`, why);
    }
    const reset = tcpReset(packet);
    return reset && ipPacket(reset);
  }

  async #find(name: string): Promise<OutsideAnswer> {
    const found = await this.#options.names.find(name);
    if (typeof found === 'string') return found;
    const usable = this.#places.learn(name, found);
    if (usable.length > 0 || found.length === 0) return usable;
    this.#options.onRefusal(name, `leads to ${found[0]}, which is the host's own`);
    return 'refused';
  }

  /** A guest may know an address from before this process, or from the machine that it was restored from. */
  async #learnNames(): Promise<void> {
    const allow = this.#allow;
    for (const name of this.#places.names) {
      const found = await this.#options.names.find(name);
      if (this.#allow !== allow) return;
      if (typeof found !== 'string') this.#places.learn(name, found);
    }
  }
}

const echoRequest = 8;

function protocolName(number: number): string {
  return number === protocolNumber.icmp ? 'ping' : `IP protocol ${number}`;
}
