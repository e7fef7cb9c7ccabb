import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpv4, parseIpv4Range, rangesOverlap } from './ipv4-range.ts';
import { formatIpv6Prefix, ipv6Address, parseIpv6Prefix } from './ipv6-prefix.ts';
import { networkProperties } from './network-properties.ts';
import { cardMac } from './network-spec.ts';

test('a range of IPv4 is one in which machines can have addresses, and begins where it says', () => {
  const { fits } = networkProperties.cidr.rule;
  for (const cidr of ['10.40.0.0/24', '192.168.7.0/30', '10.0.0.0/8', '203.0.113.64/26']) assert.ok(fits(cidr), cidr);
  const wrong = ['10.40.0.1/24', '10.40.0.0', '10.40.0.0/31', '10.0.0.0/7', '127.0.0.0/24', '169.254.0.0/24'];
  for (const cidr of [...wrong, '224.0.0.0/24', '10.040.0.0/24', '10.256.0.0/24', '10.40.0.0/24 ', '', 7])
    assert.ok(!fits(cidr as string), String(cidr));
});

test('a range of IPv6 is a /64 of addresses that can be given out', () => {
  const { fits } = networkProperties.cidr6.rule;
  for (const cidr of ['fd00:40::/64', '2001:db8:0:1::/64', 'FD00:0:0:7:0:0:0:0/64']) assert.ok(fits(cidr), cidr);
  for (const cidr of [
    'fd00:40::1/64',
    'fd00:40::/48',
    'fe80::/64',
    'ff02::/64',
    '::/64',
    '10.0.0.0/24',
    'fd00::1::/64',
  ])
    assert.ok(!fits(cidr), cidr);
});

test('addresses of IPv6 are written in the shortest way', () => {
  const prefix = (text: string) => parseIpv6Prefix(text) ?? [];
  assert.equal(formatIpv6Prefix(prefix('FD00:0040:0:0::/64')), 'fd00:40::/64');
  assert.equal(ipv6Address(prefix('fd00:40::/64'), 10), 'fd00:40::a');
  assert.equal(ipv6Address(prefix('fd00:40:0:1::/64'), 0x1_0002), 'fd00:40:0:1::1:2');
});

test('ranges overlap when they share an address', () => {
  const overlap = (one: string, other: string) => {
    const [a, b] = [parseIpv4Range(one), parseIpv4Range(other)];
    assert.ok(a && b);
    return rangesOverlap(a, b) && rangesOverlap(b, a);
  };
  assert.ok(overlap('10.0.0.0/8', '10.40.0.0/24'));
  assert.ok(!overlap('10.40.0.0/24', '10.40.1.0/24'));
  assert.equal(formatIpv4(parseIpv4Range('192.168.7.9/30')?.base ?? 0), '192.168.7.8');
});

test('the cards of a machine have addresses of their own, that differ from those of every other machine', () => {
  const macs = ['52:54:00:c0:ff:ee', '52:54:00:c0:ff:ef'].flatMap((mac) => [
    mac,
    ...[0, 1, 2, 3].map((slot) => cardMac(mac, slot)),
  ]);
  assert.equal(new Set(macs).size, 10);
  assert.equal(macs[1], '52:54:01:c0:ff:ee');
});
