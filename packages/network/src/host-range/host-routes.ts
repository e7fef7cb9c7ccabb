import { readFile } from 'node:fs/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** A range of IPv4 addresses that this host reaches. */
export interface HostRoute {
  /** `192.168.1.0/24`. */
  readonly cidr: string;
  readonly interface: string;
}

/**
 * The ranges that this host has routes to, besides default routes and its loopback: those of its own interfaces on every
 * host system, and on Linux those of its routing table too (proc(5), /proc/net/route).
 */
export async function hostRoutes(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
  table = '/proc/net/route',
): Promise<readonly HostRoute[]> {
  const connected = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ family, internal, cidr }) =>
      family === 'IPv4' && !internal && cidr ? [{ cidr: rangeOf(cidr), interface: name }] : [],
    ),
  );
  const text = await readFile(table, 'utf8').catch(() => ''); // other systems have none
  const routed = text.split('\n').slice(1).flatMap(readRoute);
  const all = [...connected, ...routed];
  return all.filter(({ cidr }, index) => all.findIndex((one) => one.cidr === cidr) === index);
}

/** One line of the table: numbers are in hexadecimal, in the byte order of the host. */
function readRoute(line: string): readonly HostRoute[] {
  const [name, destination, , flags, , , , mask] = line.split('\t');
  if (!name || name === 'lo' || !destination || !mask || mask === '00000000') return [];
  if ((Number.parseInt(flags ?? '0', 16) & 1) === 0) return [];
  const bytes = [6, 4, 2, 0].map((at) => Number.parseInt(destination.slice(at, at + 2), 16));
  const prefix = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length;
  return [{ cidr: `${bytes.join('.')}/${prefix}`, interface: name }];
}

/** `192.168.1.7/24` is an address of `192.168.1.0/24`. */
function rangeOf(cidr: string): string {
  const [address = '', bits = '32'] = cidr.split('/');
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}
