import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaMismatch } from '@goqemu/core';
import { portOf } from '../fixture/test-switch.ts';
import { type SwitchConfigurationInput, switchConfiguration } from './configuration.ts';

const lan = { name: 'lan', cidr: '10.40.0.0/24' };

function mistake(configuration: SwitchConfigurationInput): string | undefined {
  const { error } = switchConfiguration.safeParse(configuration);
  return error && schemaMismatch(error);
}

test('a whole configuration is taken, with its defaults', () => {
  const { networks, ports } = switchConfiguration.parse({ networks: [lan], ports: [portOf(1, '/a')] });
  assert.deepEqual(networks, [{ ...lan, mtu: 1500, domain: 'lan', leaseSeconds: 86_400 }]);
  assert.deepEqual(ports[0]?.aliases, []);
});

test('what two ports must not share, and addresses outside of the range, are refused at their place', () => {
  const one = portOf(1, '/a');
  const two = portOf(2, '/b');
  const cases: [Partial<typeof two>, string][] = [
    [{ machine: 'm1' }, 'at ports.1: another one has the same card'],
    [{ endpoint: one.endpoint }, 'at ports.1: another one has the same endpoint'],
    [{ mac: one.mac }, 'at ports.1: another one has the same MAC address in its network'],
    [{ ip: '10.40.0.11' }, 'at ports.1: another one has the same address in its network'],
    [{ ip: '10.41.0.11' }, 'at ports.1.ip: 10.41.0.11 is not in 10.40.0.0/24'],
    [{ ip: '10.40.0.255' }, 'at ports.1.ip: 10.40.0.255 is not in 10.40.0.0/24'],
    [{ ip: '10.40.0.1' }, "at ports.1.ip: 10.40.0.1 is the gateway's"],
    [{ network: 'dmz' }, 'at ports.1.network: there is no network "dmz"'],
    [{ mac: '53:54:00:00:00:01' }, 'at ports.1.mac: expected the address of one card, not of a group'],
    [{ hostname: 'a b' }, 'at ports.1.hostname: expected a host name'],
  ];
  for (const [change, expected] of cases)
    assert.equal(mistake({ networks: [lan], ports: [one, { ...two, ...change }] }), expected);
});

test('ranges, gateways and MTUs that no network can have are refused', () => {
  const of = (change: object) => mistake({ networks: [{ ...lan, ...change }], ports: [] });
  assert.equal(of({ cidr: '10.40.0.0/31' }), 'at networks.0.cidr: expected a range from /8 to /30');
  assert.equal(of({ gateway: '10.41.0.1' }), 'at networks.0.gateway: 10.41.0.1 is not in 10.40.0.0/24');
  assert.match(of({ mtu: 100 }) ?? '', /^at networks\.0\.mtu: /);
  for (const change of [{ cidr: 'lan' }, { gateway: 'x' }, { cidr6: '10.0.0.0/8' }, { gateway6: '::g' }])
    assert.match(of(change) ?? '', new RegExp(`^at networks\\.0\\.${Object.keys(change)[0]}: `));
  assert.match(
    mistake({ networks: [lan], ports: [{ ...portOf(1, '/a'), ip: '10.40.0.999' }] }) ?? '',
    /^at ports\.0\.ip: /,
  );
  assert.equal(mistake({ networks: [lan, lan], ports: [] }), 'at networks.1: another one has the same name');
});
