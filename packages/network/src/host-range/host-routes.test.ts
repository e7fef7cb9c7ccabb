import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostRoutes } from './host-routes.ts';

test('the ranges of interfaces and of the routing table, without the default route, the loopback and IPv6', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-routes-'));
  const table = join(folder, 'route');
  const lines = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'wg0\t0000280A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'wg1\t0000290A\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0',
  ];
  await writeFile(table, `${lines.join('\n')}\n`);
  const address = (cidr: string, internal = false) =>
    ({ family: cidr.includes(':') ? 'IPv6' : 'IPv4', cidr, internal }) as never;
  const interfaces = {
    lo: [address('127.0.0.1/8', true)],
    eth0: [address('192.168.1.7/24'), address('fe80::1/64')],
    vpn: [address('172.16.130.9/17')],
  };
  const found = await hostRoutes(interfaces, table);
  assert.deepEqual(found, [
    { cidr: '192.168.1.0/24', interface: 'eth0' },
    { cidr: '172.16.128.0/17', interface: 'vpn' },
    { cidr: '10.40.0.0/16', interface: 'wg0' },
  ]);
  assert.equal((await hostRoutes(interfaces, join(folder, 'none'))).length, 2);
  await rm(folder, { recursive: true });
});
