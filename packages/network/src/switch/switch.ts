import { GoqemuError } from '@goqemu/core';
import { heldSide } from './bridge/switch-port.ts';
import { CardPort } from './card-port.ts';
import { type Clock, hostClock } from './clock.ts';
import {
  type NetworkConfiguration,
  type PortConfiguration,
  portName,
  type SwitchConfiguration,
} from './control/configuration.ts';
import { type FaultSettings, type FaultsOfNetwork, faultSettings } from './control/fault-settings.ts';
import { FaultControl } from './faults/apply-faults.ts';
import { AllowedPlaces } from './internet/allowed-places.ts';
import { HostNames } from './internet/host-names.ts';
import { type HostSockets, hostSockets } from './internet/host-sockets.ts';
import { NetworkWithGateway, type Outside } from './network-with-gateway.ts';

/** Milliseconds between two advertisements of an IPv6 range (RFC 4861 §6.2.1: at most 30 minutes). */
const advertisementMs = 600_000;

/** Networks with their ports, and what goes wrong between them. Applying a configuration changes what is different. */
export class Switch {
  readonly #clock: Clock;
  readonly #outside: Outside;
  readonly #places = new Map<string, AllowedPlaces>();
  readonly #faults: FaultControl;
  readonly #networks = new Map<string, NetworkWithGateway>();
  readonly #ports = new Map<string, CardPort>();
  /** Who holds which machines. */
  readonly #holds = new Set<ReadonlySet<string>>();
  #configuration: SwitchConfiguration = { networks: [], ports: [] };
  #settings: FaultSettings = faultSettings.parse({});
  #cancelAdvertising: () => void;

  /** @param host by which machines reach allowed places outside */
  constructor(clock: Clock = hostClock, host: HostSockets = hostSockets) {
    this.#clock = clock;
    const placesOf = (machine: string) => {
      const places = this.#places.get(machine) ?? new AllowedPlaces(() => host.ownAddresses());
      this.#places.set(machine, places);
      return places;
    };
    this.#outside = { clock, host, placesOf, names: new HostNames((name) => host.lookup(name), clock) };
    this.#faults = new FaultControl(clock);
    this.#cancelAdvertising = this.#advertiseLater();
  }

  get configuration(): SwitchConfiguration {
    return this.#configuration;
  }

  /** Those that were set with {@link setFaults}. */
  get faults(): FaultSettings {
    return this.#settings;
  }

  /** What goes wrong in a network: what was set, or else what the configuration says. */
  faultsOf(network: string): FaultsOfNetwork {
    const isIt = ({ name }: NetworkConfiguration) => name === network;
    return this.#settings.networks[network] ?? this.#configuration.networks.find(isIt)?.faults ?? {};
  }

  get networks(): ReadonlyMap<string, NetworkWithGateway> {
    return this.#networks;
  }

  get ports(): ReadonlyMap<string, CardPort> {
    return this.#ports;
  }

  /** Applies a whole configuration. A port that is the same before and after notices nothing. */
  configure(configuration: SwitchConfiguration): void {
    const portsOf = (network: string) => configuration.ports.filter((port) => port.network === network);
    const wanted = new Map(configuration.ports.map((port) => [portName(port), port]));
    for (const network of configuration.networks) this.#setNetwork(network, portsOf(network.name));
    for (const [name, port] of this.#ports) {
      const next = wanted.get(name);
      if (next && sameEndpoints(next, port.configuration)) continue;
      port.close();
      this.#ports.delete(name);
    }
    for (const port of wanted.values()) this.#setPort(port);
    for (const [name, { internet }] of [...this.#networks]) {
      if (configuration.networks.some((network) => network.name === name)) continue;
      internet.close();
      this.#networks.delete(name);
    }
    this.#configuration = configuration;
    for (const machine of this.#places.keys())
      if (!configuration.ports.some((port) => port.machine === machine && port.allow)) this.#places.delete(machine);
    const present = Object.entries(this.#settings.networks).filter(([name]) => this.#networks.has(name));
    this.#settings = { ...this.#settings, networks: Object.fromEntries(present) };
    this.#applyFaults();
  }

  /**
   * Sets faults in the place of those of the configuration; a network that is not among them has the latter again.
   *
   * @throws GoqemuError `switch-port-unknown` for a network that is not there, or a machine that is not in it
   */
  setFaults(settings: FaultSettings): void {
    for (const [name, { partition = [], machines = {} }] of Object.entries(settings.networks)) {
      this.networkOf(name);
      const present = new Set(
        this.#configuration.ports.filter(({ network }) => network === name).map(({ machine }) => machine),
      );
      for (const machine of [...partition.flat(), ...Object.keys(machines)])
        if (!present.has(machine)) throw unknown('machine', machine, present);
    }
    this.#settings = settings;
    this.#applyFaults();
  }

  /** @throws GoqemuError `switch-port-unknown` */
  networkOf(name: string): NetworkWithGateway {
    const found = this.#networks.get(name);
    if (found) return found;
    throw unknown('network', name, this.#networks.keys());
  }

  /** The ports of a machine, or one of them. */
  portsOf(machine: string, card?: string): CardPort[] {
    const found = [...this.#ports.values()].filter(
      ({ configuration }) => configuration.machine === machine && (card === undefined || configuration.card === card),
    );
    if (found.length > 0) return found;
    throw unknown('port', card === undefined ? machine : portName({ machine, card }), this.#ports.keys());
  }

  /** Drops the frames that are under way to and from a machine, and forgets its stations. */
  flush(machine: string, card?: string): { frames: number; stations: number } {
    const flushed = this.portsOf(machine, card).map((port) => this.#flush(port));
    return {
      frames: flushed.reduce((sum, { frames }) => sum + frames, 0),
      stations: flushed.reduce((sum, { stations }) => sum + stations, 0),
    };
  }

  /**
   * From now on, machines reach their gateways alone, and what is under way to and from them is dropped; until the
   * returned function is called. A machine that is held twice is so until both have ended.
   */
  hold(machines: readonly string[]): () => void {
    const hold = new Set(machines);
    this.#holds.add(hold);
    this.#applyFaults();
    this.#flushHeld(hold);
    return () => {
      if (!this.#holds.delete(hold)) return;
      this.#flushHeld(hold);
      this.#applyFaults();
      this.dial();
    };
  }

  /** Tells the other stations where a machine is; returns the frames sent. */
  announce(machine: string, card?: string): number {
    return this.portsOf(machine, card).reduce((sum, port) => {
      const network = this.#networks.get(port.configuration.network);
      return sum + (network?.announce(port.port, port.configuration) ?? 0);
    }, 0);
  }

  /** Dials at once whatever is not connected. */
  dial(): void {
    for (const port of this.#ports.values()) if (!port.isConnected) port.dial();
  }

  close(): void {
    this.#cancelAdvertising();
    for (const port of this.#ports.values()) port.close();
    for (const { internet } of this.#networks.values()) internet.close();
    this.#ports.clear();
    this.#networks.clear();
  }

  #setNetwork(configuration: NetworkConfiguration, ports: readonly PortConfiguration[]): void {
    const present = this.#networks.get(configuration.name);
    if (present) present.configure(configuration, ports);
    else {
      const made = new NetworkWithGateway(this.#freeNumber(), configuration, ports, this.#outside);
      this.#networks.set(configuration.name, made);
    }
  }

  #setPort(configuration: PortConfiguration): void {
    const network = this.#networks.get(configuration.network)?.network;
    if (!network) return; // the configuration was checked
    const name = portName(configuration);
    const present = this.#ports.get(name);
    if (!present) {
      this.#ports.set(name, new CardPort(this.#freeNumber(), configuration, network, this.#clock));
      return;
    }
    present.configuration = configuration;
    if (present.network !== network) present.move(network);
  }

  /** Numbers stay small: queues count by them. */
  #freeNumber(): number {
    const taken = new Set([
      ...[...this.#ports.values()].map(({ port }) => port.number),
      ...[...this.#networks.values()].map(({ gatewayPort }) => gatewayPort.number),
    ]);
    let number = 0;
    while (taken.has(number)) number += 1;
    return number;
  }

  #applyFaults(): void {
    const ports = [...this.#ports.values()].map(({ port, configuration: { machine }, network }) => ({
      port,
      machine,
      network,
    }));
    this.#faults.apply((network) => this.faultsOf(network), this.#settings.seed, ports);
    const held = new Set([...this.#holds].flatMap((hold) => [...hold]));
    for (const { port, machine } of ports) if (held.has(machine)) port.side = heldSide + port.number;
  }

  #flushHeld(machines: ReadonlySet<string>): void {
    for (const port of this.#ports.values()) if (machines.has(port.configuration.machine)) this.#flush(port);
  }

  /** Its connections to the outside are of another time, too: the guest gets a reset when it speaks of one. */
  #flush(port: CardPort): { readonly frames: number; readonly stations: number } {
    this.#networks.get(port.configuration.network)?.internet.forget(portName(port.configuration));
    return port.flush();
  }

  #advertiseLater(): () => void {
    return this.#clock.after(advertisementMs, () => {
      for (const network of this.#networks.values()) network.advertise();
      this.#cancelAdvertising = this.#advertiseLater();
    });
  }
}

function sameEndpoints(one: PortConfiguration, other: PortConfiguration): boolean {
  const endpoints = ({ endpoint, otherEndpoint }: PortConfiguration) => JSON.stringify([endpoint, otherEndpoint]);
  return endpoints(one) === endpoints(other);
}

function unknown(what: string, name: string, known: Iterable<string>): GoqemuError {
  const names = [...known].sort();
  return new GoqemuError({
    code: 'switch-port-unknown',
    source: 'user',
    subject: name,
    message: `the lab's switch has no ${what} "${name}"`,
    hint: names.length > 0 ? `choose one of: ${names.join(', ')}` : 'apply the lab first',
  });
}
