import { type NetworkConfiguration, type PortConfiguration, portName } from '../control/configuration.ts';
import { broadcastMac, etherType, macBytes } from '../frames/ethernet.ts';
import type { Internet } from '../internet/internet.ts';
import { arpFrame, arpOperation, readArp } from './arp.ts';
import { answerDhcp } from './dhcp-server.ts';
import { type DnsNames, dnsNames } from './dns-names.ts';
import { answerDns } from './dns-server.ts';
import { answerEcho } from './echo.ts';
import { type GatewayAddresses, gatewayAddresses, gatewayMac } from './gateway-addresses.ts';
import { ipBytes, ipText, isInRange, range4 } from './ip-range.ts';
import { allNodes, groupMac, icmp6Packet, neighbourAdvertisement } from './neighbour-discovery.ts';
import { advertiseRouter, answerNeighbour } from './neighbours.ts';
import {
  type Datagram,
  ethernetFrame,
  ipPacket,
  type Packet,
  protocolNumber,
  readIpv4,
  readIpv6,
  readUdp,
  udpPacket,
} from './packets.ts';
import { tcpReset, unreachable } from './refusals.ts';

const everybody = Buffer.from([255, 255, 255, 255]);
const udpPort = { dns: 53, dhcpServer: 67, dhcpClient: 68 } as const;

/** Who asks: a station, and the port that it is behind. */
interface Asker {
  readonly client: Buffer;
  readonly port: string | undefined;
}

/**
 * The switch's own station in a network: it gives addresses out (DHCP), resolves names (DNS), answers ARP, neighbour
 * discovery and ping, hands what is for elsewhere to the way out of the machine, and refuses everything else at once. It
 * has no memory of its own: each answer follows from the frame and the configuration.
 */
export class Gateway {
  readonly mac: Buffer;
  #network: NetworkConfiguration;
  #ports: readonly PortConfiguration[];
  #addresses: GatewayAddresses;
  #names: DnsNames;
  readonly #internet: Internet | undefined;

  /** @param internet the way out of machines that have one */
  constructor(network: NetworkConfiguration, ports: readonly PortConfiguration[], internet?: Internet) {
    this.#internet = internet;
    this.mac = gatewayMac(network.name);
    this.#network = network;
    this.#ports = ports;
    this.#addresses = gatewayAddresses(network, this.mac);
    this.#names = dnsNames(network, ports, ipText(this.#addresses.ip));
  }

  configure(network: NetworkConfiguration, ports: readonly PortConfiguration[]): void {
    this.#network = network;
    this.#ports = ports;
    this.#addresses = gatewayAddresses(network, this.mac);
    this.#names = dnsNames(network, ports, ipText(this.#addresses.ip));
  }

  /**
   * The answer to a frame, with its length before it; undefined when it needs none, or when it comes later. `at` is its
   * first byte, `port` where it came from: by that a machine is known, not by what it says of itself.
   */
  answer(bytes: Buffer, at: number, end: number, port?: string): Buffer | undefined {
    const isForOne = ((bytes[at] as number) & 1) === 0;
    // A frame for a station that the switch does not know goes to all ports; it is not the gateway's to refuse.
    if (isForOne && this.mac.compare(bytes, at, at + 6) !== 0) return undefined;
    const payload = at + 14;
    switch (bytes.readUInt16BE(at + 12)) {
      case etherType.arp:
        return this.#answerArp(bytes, payload, end);
      case etherType.ipv4:
        return this.#answerIpv4(bytes, at, end, port);
      case etherType.ipv6:
        return this.#answerIpv6(bytes, at, end);
      default:
        return undefined;
    }
  }

  /** What a machine would say of itself after it came to a new place: ARP (RFC 5227 §3) and neighbour discovery. */
  announcements({ mac, ip, ip6 }: PortConfiguration): Buffer[] {
    const senderMac = macBytes(mac);
    const frames: Buffer[] = [];
    if (ip) {
      const senderIp = ipBytes(ip);
      const operation = arpOperation.request;
      frames.push(
        arpFrame(broadcastMac, { operation, senderMac, senderIp, targetMac: Buffer.alloc(6), targetIp: senderIp }),
      );
    }
    if (ip6) {
      const message = neighbourAdvertisement(ipBytes(ip6), senderMac, 0x20);
      const packet = ipPacket(icmp6Packet(ipBytes(ip6), allNodes, message), 255);
      frames.push(ethernetFrame(groupMac(allNodes), senderMac, etherType.ipv6, packet));
    }
    return frames;
  }

  /** What tells guests of the IPv6 range again; undefined without one. */
  advertisement(): Buffer | undefined {
    if (!this.#network.cidr6) return undefined;
    const packet = advertiseRouter(this.#addresses, this.#network, this.#network.cidr6, allNodes);
    return ethernetFrame(groupMac(allNodes), this.mac, etherType.ipv6, packet);
  }

  #answerArp(bytes: Buffer, at: number, end: number): Buffer | undefined {
    const asked = readArp(bytes, at, end);
    const { mac, ip } = this.#addresses;
    if (asked?.operation !== arpOperation.request || !asked.targetIp.equals(ip)) return undefined;
    const { senderMac: targetMac, senderIp: targetIp } = asked;
    return arpFrame(targetMac, { operation: arpOperation.reply, senderMac: mac, senderIp: ip, targetMac, targetIp });
  }

  #answerIpv4(bytes: Buffer, at: number, end: number, port?: string): Buffer | undefined {
    const packet = readIpv4(bytes, at + 14, end);
    if (!packet) return undefined;
    const { broadcast } = range4(this.#network.cidr);
    const isForAll = packet.target.equals(everybody) || packet.target.readUInt32BE() === broadcast;
    const isMine = packet.target.equals(this.#addresses.ip);
    const client = bytes.subarray(at + 6, at + 12);
    const datagram = packet.protocol === protocolNumber.udp ? readUdp(packet) : undefined;
    if (datagram?.targetPort === udpPort.dhcpServer && (isMine || isForAll)) return this.#answerDhcp(datagram.payload);
    if (isForAll || (bytes[at] as number) & 1) return undefined;
    const answer = isMine ? this.#answerOwn(packet, client, port) : this.#answerElsewhere(packet, client, port);
    return answer && ethernetFrame(client, this.mac, etherType.ipv4, answer);
  }

  #answerDhcp(message: Buffer): Buffer | undefined {
    const { ip } = this.#addresses;
    const answer = answerDhcp(message, this.#network, this.#ports, ip);
    if (!answer) return undefined;
    const ports = { sourcePort: udpPort.dhcpServer, targetPort: udpPort.dhcpClient };
    const packet = udpPacket(ip, answer.to ?? everybody, { ...ports, payload: answer.message });
    const target = answer.to ? answer.message.subarray(28, 34) : broadcastMac;
    return ethernetFrame(target, this.mac, etherType.ipv4, packet);
  }

  #answerIpv6(bytes: Buffer, at: number, end: number): Buffer | undefined {
    const packet = readIpv6(bytes, at + 14, end);
    if (!packet) return undefined;
    const client = bytes.subarray(at + 6, at + 12);
    const discovered = answerNeighbour(packet, bytes[at + 14 + 7] as number, this.#addresses, this.#network);
    if (discovered)
      return ethernetFrame(discovered.toAll ? groupMac(allNodes) : client, this.mac, etherType.ipv6, discovered.packet);
    if ((bytes[at] as number) & 1) return undefined;
    const isMine = this.#addresses.ip6.some((ip) => ip.equals(packet.target));
    const answer = isMine ? this.#answerOwn(packet, client) : this.#refuseOther(packet);
    return answer && ethernetFrame(client, this.mac, etherType.ipv6, answer);
  }

  /** Ping and DNS; a port where nothing is answers so. */
  #answerOwn(packet: Packet, client: Buffer, port?: string): Buffer | undefined {
    const echo = answerEcho(packet);
    if (echo) return ipPacket(echo);
    if (packet.protocol === protocolNumber.tcp) {
      const reset = tcpReset(packet);
      return reset && ipPacket(reset);
    }
    const datagram = packet.protocol === protocolNumber.udp ? readUdp(packet) : undefined;
    if (!datagram) return undefined;
    if (datagram.targetPort !== udpPort.dns) return this.#unreachable('port', packet);
    return this.#answerDns(packet, datagram, { client, port });
  }

  #answerDns(packet: Packet, { payload: asked, sourcePort }: Datagram, { client, port }: Asker): Buffer | undefined {
    const [source, target] = [Buffer.from(packet.target), Buffer.from(packet.source)];
    const station = Buffer.from(client);
    const reply = (payload: Buffer) =>
      udpPacket(source, target, { sourcePort: udpPort.dns, targetPort: sourcePort, payload });
    const way = port === undefined ? undefined : this.#internet?.wayOf(port);
    const answer = answerDns(asked, this.#names, (name, isForAddress) => way?.resolve(name, isForAddress));
    if (answer === undefined || Buffer.isBuffer(answer)) return answer && reply(answer);
    void answer.then((payload) => this.#internet?.sendPacket(reply(payload), station));
    return undefined;
  }

  /** Out of the network, where the machine has a way and says of itself what it is. */
  #answerElsewhere(packet: Packet, client: Buffer, port?: string): Buffer | undefined {
    const way = port === undefined ? undefined : this.#internet?.wayOf(port);
    const its = this.#ports.find((one) => portName(one) === port);
    const isInside = isInRange(ipText(packet.target), this.#network.cidr);
    if (!way || isInside || !its?.ip || !packet.source.equals(ipBytes(its.ip))) return this.#refuseOther(packet);
    const answer = way.take(packet, client);
    this.#internet?.settleSoon();
    return answer === 'prohibited' ? this.#unreachable('prohibited', packet) : answer;
  }

  /** What is sent to the gateway for elsewhere: there is no way out. */
  #refuseOther(packet: Packet): Buffer | undefined {
    if (packet.protocol === protocolNumber.tcp) {
      const reset = tcpReset(packet);
      return reset && ipPacket(reset);
    }
    return packet.protocol === protocolNumber.udp || answerEcho(packet)
      ? this.#unreachable('network', packet)
      : undefined;
  }

  #unreachable(what: 'network' | 'port' | 'prohibited', packet: Packet): Buffer | undefined {
    const own = packet.source.length === 4 ? this.#addresses.ip : (this.#addresses.ip6.at(-1) as Buffer);
    const refusal = unreachable(what, packet, ipPacket(packet), own);
    return refusal && ipPacket(refusal);
  }
}
