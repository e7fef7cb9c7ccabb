import type { NetworkConfiguration } from '../control/configuration.ts';
import type { GatewayAddresses } from './gateway-addresses.ts';
import { range6 } from './ip-range.ts';
import {
  allNodes,
  icmp6Packet,
  icmp6Type,
  neighbourAdvertisement,
  routerAdvertisement,
} from './neighbour-discovery.ts';
import { checksum, ipPacket, type Packet, protocolNumber, pseudoSum, wordSum } from './packets.ts';

/** An answer of neighbour discovery (RFC 4861); a solicitation that came over a router (hop limit below 255) gets none. */
export function answerNeighbour(
  packet: Packet,
  hopLimit: number,
  addresses: GatewayAddresses,
  network: NetworkConfiguration,
): { readonly packet: Buffer; readonly toAll: boolean } | undefined {
  const { payload, protocol, source } = packet;
  if (protocol !== protocolNumber.icmp6 || hopLimit !== 255 || payload.length < 8) return undefined;
  if (checksum(wordSum(payload, 0, payload.length, pseudoSum(packet))) !== 0) return undefined;
  const isUnspecified = source.every((byte) => byte === 0);
  const target = isUnspecified ? allNodes : source;
  if (payload[0] === icmp6Type.solicitation && payload.length >= 24) {
    const asked = payload.subarray(8, 24);
    const own = addresses.ip6.find((ip) => ip.equals(asked));
    if (!own) return undefined;
    const message = neighbourAdvertisement(own, addresses.mac, isUnspecified ? 0xa0 : 0xe0);
    return { packet: ipPacket(icmp6Packet(own, target, message), 255), toAll: isUnspecified };
  }
  if (payload[0] === icmp6Type.routerSolicitation && network.cidr6) {
    const packet = advertiseRouter(addresses, network, network.cidr6, target);
    return { packet, toAll: isUnspecified };
  }
  return undefined;
}

/** What a router says of itself and of its link (RFC 4861 §4.2), to this address. */
export function advertiseRouter(
  addresses: GatewayAddresses,
  network: NetworkConfiguration,
  cidr6: string,
  target: Buffer,
): Buffer {
  const { prefix, length } = range6(cidr6);
  const [own, dns] = addresses.ip6 as [Buffer, Buffer];
  const message = routerAdvertisement({
    prefix,
    prefixLength: length,
    mtu: network.mtu,
    mac: addresses.mac,
    dns,
    domain: network.domain,
  });
  return ipPacket(icmp6Packet(own, target, message), 255);
}
