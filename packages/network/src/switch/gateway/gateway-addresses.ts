import { createHash } from 'node:crypto';
import type { NetworkConfiguration } from '../control/configuration.ts';
import { ip4Bytes, ipBytes, range4, range6 } from './ip-range.ts';
import { linkLocal } from './neighbour-discovery.ts';

/** The addresses of a network's gateway. */
export interface GatewayAddresses {
  readonly mac: Buffer;
  readonly ip: Buffer;
  /** Its link-local address, and the one of the network's range. */
  readonly ip6: readonly Buffer[];
}

/** The same for a network of this name wherever it runs: a fork's guests need not ask for it again. */
export function gatewayMac(network: string): Buffer {
  const digest = createHash('sha256').update(`goqemu gateway ${network}`).digest();
  return Buffer.concat([Buffer.from([0x52, 0x55]), digest.subarray(0, 4)]); // locally administered
}

export function gatewayAddresses(
  { cidr, gateway, cidr6, gateway6 }: NetworkConfiguration,
  mac: Buffer,
): GatewayAddresses {
  const ip6 = [linkLocal(mac)];
  if (gateway6) ip6.push(ipBytes(gateway6));
  else if (cidr6) {
    const { prefix } = range6(cidr6);
    prefix[15] = (prefix[15] as number) | 1;
    ip6.push(prefix);
  }
  return { mac, ip: gateway ? ipBytes(gateway) : ip4Bytes(range4(cidr).first), ip6 };
}
