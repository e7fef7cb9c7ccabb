import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressInArpTable } from './arp-table.ts';
import { addressInLeases } from './leases.ts';

const mac = '52:54:00:0a:0b:0c';

test("the kernel's ARP table of Linux tells the address of a card, unless the entry is incomplete", () => {
  const table = (flags: string) => `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         aa:bb:cc:dd:ee:ff     *        br0
192.168.1.57     0x1         ${flags}         52:54:00:0A:0B:0C     *        br0
`;
  assert.equal(addressInArpTable(table('0x2'), mac), '192.168.1.57');
  assert.equal(addressInArpTable(table('0x0'), mac), undefined);
  assert.equal(addressInArpTable('', mac), undefined);
});

test('the ARP table of macOS leaves out leading zeros, and is read all the same', () => {
  const table = `? (192.168.1.1) at aa:bb:cc:dd:ee:ff on en0 ifscope [ethernet]
? (192.168.1.57) at 52:54:0:a:b:c on bridge100 ifscope [bridge]
? (192.168.1.58) at (incomplete) on en0 ifscope [ethernet]
`;
  assert.equal(addressInArpTable(table, mac), '192.168.1.57');
});

test('of several leases of dnsmasq the one that ends last counts, and one without an end above all', () => {
  const leases = `1700000000 52:54:00:0a:0b:0c 192.168.122.10 web *
1700009999 52:54:00:0a:0b:0c 192.168.122.11 web 01:52:54:00:0a:0b:0c
1700099999 52:54:00:ff:ff:ff 192.168.122.12 other *
`;
  assert.equal(addressInLeases(leases, mac), '192.168.122.11');
  assert.equal(addressInLeases(`${leases}0 52:54:00:0a:0b:0c 192.168.122.13 web *\n`, mac), '192.168.122.13');
  assert.equal(addressInLeases('duid 00:01:00:01\n', mac), undefined);
});

test("a lease of macOS's bootpd is found by its hardware address", () => {
  const leases = `{
	name=web
	ip_address=192.168.64.7
	hw_address=1,52:54:0:a:b:c
	lease=0x65a1b2c3
}
{
	name=other
	ip_address=192.168.64.8
	hw_address=1,52:54:0:ff:ff:ff
	lease=0x65a1b2c4
}
`;
  assert.equal(addressInLeases(leases, mac), '192.168.64.7');
});
