import type { DropReason } from './bridge/counters.ts';
import type { SwitchNetwork } from './bridge/switch-network.ts';
import { SwitchPort } from './bridge/switch-port.ts';
import type { Clock } from './clock.ts';
import type { PortConfiguration } from './control/configuration.ts';
import { portName } from './control/configuration.ts';
import { FrameReader } from './frames/frame-reader.ts';
import { CardOutlet } from './links/card-outlet.ts';
import { DialledLink } from './links/dialled-link.ts';

/** A port with a machine's card: its connection, the frames that are read from it, and the network that they go to. */
export class CardPort {
  readonly port: SwitchPort;
  readonly #outlet: CardOutlet;
  readonly #link: DialledLink;
  readonly #reader: FrameReader;
  #network: SwitchNetwork;
  configuration: PortConfiguration;

  constructor(number: number, configuration: PortConfiguration, network: SwitchNetwork, clock: Clock) {
    this.configuration = configuration;
    this.#network = network;
    this.#reader = new FrameReader((bytes, at, end, frames) =>
      this.#network.receive(this.port, bytes, at, end, frames),
    );
    this.#link = new DialledLink({
      endpoints: [configuration.endpoint, ...(configuration.otherEndpoint ? [configuration.otherEndpoint] : [])],
      clock,
      onBytes: (bytes, length) => this.#read(bytes, length),
      onConnect: () => {
        this.port.counters.connects += 1;
      },
      onEnd: (wasConnected) => this.#ended(wasConnected),
    });
    this.#outlet = new CardOutlet(this.#link);
    this.port = new SwitchPort(number, portName(configuration), this.#outlet);
    network.add(this.port);
    this.#link.dial();
  }

  get network(): SwitchNetwork {
    return this.#network;
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** Bytes that wait for the card, and the memory they are in. */
  get waiting(): { readonly bytes: number; readonly memory: number } {
    return { bytes: this.#outlet.queue.length, memory: this.#outlet.queue.capacity };
  }

  /** Connects the card to another network, with its cable as it is. */
  move(network: SwitchNetwork): void {
    this.flush();
    this.#network.remove(this.port);
    this.#network = network;
    network.add(this.port);
  }

  /** Drops the frames that are under way to and from the card, and forgets the stations behind it. */
  flush(): { readonly frames: number; readonly stations: number } {
    const { number, counters } = this.port;
    const drop = (reason: DropReason, to: number, from: number) => {
      counters.toMachine.dropped[reason] += to;
      counters.fromMachine.dropped[reason] += from;
    };
    const from = this.port.fromMachine?.drop(() => true) ?? 0;
    let to = (this.port.toMachine?.drop(() => true) ?? 0) + this.#outlet.queue.drop();
    for (const other of this.#network.ports)
      if (other !== this.port) to += other.toMachine?.drop(({ source }) => source === number) ?? 0;
    drop('flushed', to, from);
    return { frames: to + from, stations: this.#network.table.flush(number) };
  }

  /** Dials now when it is not connected. */
  dial(): void {
    this.#link.dial();
  }

  close(): void {
    this.#network.remove(this.port);
    this.#link.close();
  }

  #read(bytes: Buffer, length: number): boolean {
    this.#network.begin();
    const isSound = this.#reader.push(bytes, length);
    this.#network.end();
    if (!isSound) this.port.counters.errors += 1;
    return isSound;
  }

  #ended(wasConnected: boolean): void {
    this.#reader.reset();
    this.#outlet.queue.clear();
    if (wasConnected) this.#network.table.flush(this.port.number);
  }
}
