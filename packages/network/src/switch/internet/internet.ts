import type { Clock } from '../clock.ts';
import { type NetworkConfiguration, type PortConfiguration, portName } from '../control/configuration.ts';
import { etherType } from '../frames/ethernet.ts';
import { ethernetFrame, ipPacket, type Packet } from '../gateway/packets.ts';
import { unreachable } from '../gateway/refusals.ts';
import type { AllowedPlaces } from './allowed-places.ts';
import type { HostNames } from './host-names.ts';
import type { HostSockets } from './host-sockets.ts';
import { MachineWay } from './machine-way.ts';
import { RefusalLog } from './refusal-log.ts';

/** Frames that wait to leave; beyond, TCP sends again. */
const mostFrames = 4_096;

export interface InternetOptions {
  readonly host: HostSockets;
  readonly names: HostNames;
  readonly placesOf: (machine: string) => AllowedPlaces;
  readonly clock: Clock;
  /** The gateway's own. */
  readonly mac: Buffer;
  /** Sends frames into the network. */
  readonly deliver: (frames: readonly Buffer[]) => void;
}

/** The way out of a network, for each machine to the places that it is allowed. */
export class Internet {
  readonly #options: InternetOptions;
  readonly #ways = new Map<string, MachineWay>();
  readonly refusals = new RefusalLog();
  #mtu = 1500;
  #frames: Buffer[] = [];
  #isScheduled = false;

  constructor(options: InternetOptions) {
    this.#options = options;
  }

  configure({ mtu }: NetworkConfiguration, ports: readonly PortConfiguration[]): void {
    this.#mtu = mtu;
    const wanted = new Map(ports.flatMap((port) => (port.allow ? [[portName(port), port] as const] : [])));
    for (const name of [...this.#ways.keys()]) if (!wanted.has(name)) this.#remove(name);
    for (const [name, { machine, allow = [] }] of wanted) {
      const way = this.#ways.get(name) ?? this.#make(machine);
      this.#ways.set(name, way);
      way.update(allow);
    }
  }

  /** That of a port; undefined where it has none. */
  wayOf(port: string): MachineWay | undefined {
    return this.#ways.get(port);
  }

  /** The connections of a machine end, which is not what it was. */
  forget(port: string): void {
    this.#ways.get(port)?.clear();
  }

  close(): void {
    for (const name of [...this.#ways.keys()]) this.#remove(name);
  }

  /** Frames leave together, after what has come is dealt with. */
  sendPacket(packet: Buffer, station: Buffer): void {
    if (this.#frames.length < mostFrames)
      this.#frames.push(ethernetFrame(station, this.#options.mac, etherType.ipv4, packet));
    this.settleSoon();
  }

  /** What has come is acknowledged once for all of a piece. */
  settleSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      for (const way of this.#ways.values()) way.settle();
      this.#isScheduled = false;
      const frames = this.#frames;
      this.#frames = [];
      if (frames.length > 0) this.#options.deliver(frames);
    });
  }

  #make(machine: string): MachineWay {
    return new MachineWay({
      host: this.#options.host,
      names: this.#options.names,
      places: this.#options.placesOf(machine),
      clock: this.#options.clock,
      mtu: () => this.#mtu,
      send: (packet, station) => this.sendPacket(packet, station),
      refuse: (packet, station, what) => this.#refuse(packet, station, what),
      onRefusal: (what, why) => this.refusals.note(machine, what, why),
    });
  }

  #remove(name: string): void {
    this.#ways.get(name)?.clear();
    this.#ways.delete(name);
  }

  #refuse(packet: Packet, station: Buffer, what: 'host' | 'port'): void {
    const refusal = unreachable(what, packet, ipPacket(packet), packet.target);
    if (refusal) this.sendPacket(ipPacket(refusal), station);
  }
}
