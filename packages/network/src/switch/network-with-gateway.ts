import { SwitchNetwork } from './bridge/switch-network.ts';
import { SwitchPort } from './bridge/switch-port.ts';
import type { Clock } from './clock.ts';
import type { NetworkConfiguration, PortConfiguration } from './control/configuration.ts';
import { prefixBytes } from './frames/frame-reader.ts';
import { Gateway } from './gateway/gateway.ts';
import { gatewayMac } from './gateway/gateway-addresses.ts';
import { GatewayOutlet } from './gateway/gateway-outlet.ts';
import type { AllowedPlaces } from './internet/allowed-places.ts';
import type { HostNames } from './internet/host-names.ts';
import type { HostSockets } from './internet/host-sockets.ts';
import { Internet } from './internet/internet.ts';

/** What the port of a network's gateway is called. */
export const gatewayName = 'gateway';

/** What the networks of a switch share. */
export interface Outside {
  readonly clock: Clock;
  readonly host: HostSockets;
  readonly names: HostNames;
  /** What a machine may reach: a name that it asked one of its networks for is known in all of them. */
  readonly placesOf: (machine: string) => AllowedPlaces;
}

/** A network with its gateway. */
export class NetworkWithGateway {
  readonly network: SwitchNetwork;
  readonly gatewayPort: SwitchPort;
  readonly #gateway: Gateway;
  readonly #outlet: GatewayOutlet;
  readonly internet: Internet;
  configuration: NetworkConfiguration;

  constructor(
    number: number,
    configuration: NetworkConfiguration,
    ports: readonly PortConfiguration[],
    outside: Outside,
  ) {
    const { clock } = outside;
    this.configuration = configuration;
    this.network = new SwitchNetwork({ name: configuration.name, mtu: configuration.mtu, clock });
    const deliver = (frames: readonly Buffer[]) => this.#outlet.sayLater(frames);
    this.internet = new Internet({ ...outside, mac: gatewayMac(configuration.name), deliver });
    this.internet.configure(configuration, ports);
    this.#gateway = new Gateway(configuration, ports, this.internet);
    this.#outlet = new GatewayOutlet(this.#gateway, this.network);
    this.gatewayPort = new SwitchPort(number, gatewayName, this.#outlet);
    this.gatewayPort.side = -1;
    this.#outlet.port = this.gatewayPort;
    this.network.setGateway(this.gatewayPort, this.#gateway.mac);
  }

  configure(configuration: NetworkConfiguration, ports: readonly PortConfiguration[]): void {
    this.configuration = configuration;
    this.network.mtu = configuration.mtu;
    this.#gateway.configure(configuration, ports);
    this.internet.configure(configuration, ports);
  }

  /** Tells all stations of the network where a machine is: the frames come as if from its own port. */
  announce(port: SwitchPort, configuration: PortConfiguration): number {
    const frames = this.#gateway.announcements(configuration);
    this.network.begin();
    for (const frame of frames) this.network.forward(port, frame, prefixBytes, frame.length);
    this.network.end();
    return frames.length;
  }

  /** Tells guests of the IPv6 range. */
  advertise(): void {
    const frame = this.#gateway.advertisement();
    if (!frame) return;
    this.network.begin();
    this.#outlet.say(frame);
    this.network.end();
  }
}
