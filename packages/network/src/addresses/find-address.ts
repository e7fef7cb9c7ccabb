import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostSystem } from '@goqemu/core';
import { addressInArpTable } from './arp-table.ts';
import { addressInLeases } from './leases.ts';

const run = promisify(execFile);

/** Where DHCP servers of the host write what they gave out. */
const leaseFiles = ['/var/lib/misc/dnsmasq.leases', '/var/lib/dnsmasq/dnsmasq.leases', '/var/db/dhcpd_leases'];
const leaseFolder = '/var/lib/libvirt/dnsmasq';

/** The address that this host has leased to a network card; undefined when no file that may be read has one. */
export async function leasedAddress(mac: string): Promise<string | undefined> {
  const more = (await readdir(leaseFolder).catch(() => [])).filter((name) => name.endsWith('.leases'));
  for (const path of [...leaseFiles, ...more.map((name) => join(leaseFolder, name))]) {
    const address = addressInLeases(await readFile(path, 'utf8').catch(() => ''), mac);
    if (address) return address;
  }
  return undefined;
}

/** The address at which this host last saw a network card; undefined when it has not. */
export async function heardAddress(mac: string, system: HostSystem): Promise<string | undefined> {
  if (system === 'linux') return addressInArpTable(await readFile('/proc/net/arp', 'utf8').catch(() => ''), mac);
  const table = await run('arp', ['-an']).catch(() => ({ stdout: '' })); // no table, nothing seen
  return addressInArpTable(table.stdout, mac);
}
