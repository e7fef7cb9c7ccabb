import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { switchConfiguration } from '@goqemu/network';
import type { CardIdentity } from '@goqemu/spec';
import { switchConfigurationOf } from './switch-configuration.ts';

const card = (network: string, slot: number, router?: string): CardIdentity => ({
  ...{ name: network, network, slot, mac: `52:54:0${slot + 1}:00:00:01`, ip: `10.4${slot}.0.10`, prefix: 24 },
  ...(router ? { router } : {}),
});

test('on Windows, where Node opens no Unix sockets, a file in a folder of the owner says the port of a card', () => {
  const lab = {
    networks: [{ name: 'lan', cidr: '10.40.0.0/24', mtu: 1500 }],
    machines: [{ name: 'web', hostname: 'web', aliases: [], cards: [card('lan', 0)] }],
  };
  const platform = { ...hostPlatform(), system: 'win32' as const };
  const [port] = switchConfiguration.parse(switchConfigurationOf(lab, { labFolder: '/labs/a', platform })).ports;
  assert.deepEqual([port?.endpoint.kind, port?.otherEndpoint?.kind], ['port-file', 'port-file']);
  assert.match(port?.endpoint.path ?? '', /[/\\\\]l0\.port$/);
  assert.notEqual(port?.endpoint.path, port?.otherEndpoint?.path);
});

test('a machine is allowed what each of its networks lists, by whichever it asks; one card is the way', () => {
  const networks = [
    { name: 'lan', cidr: '10.40.0.0/24', mtu: 1500, internet: { allow: ['deb.debian.org', '198.51.100.7'] } },
    { name: 'dmz', cidr: '10.41.0.0/24', mtu: 1500, internet: { allow: ['198.51.100.7', '*.example.org:443'] } },
    { name: 'out', cidr: '10.42.0.0/24', mtu: 1500, nat: true as const },
  ];
  const machine = (name: string, ...cards: CardIdentity[]) => ({ name, hostname: name, aliases: [], cards });
  const input = switchConfigurationOf(
    {
      networks,
      machines: [
        machine('web', card('lan', 0, '10.40.0.1'), card('dmz', 1), card('out', 2)),
        machine('free', { ...card('lan', 0), mac: '52:54:01:00:00:02', ip: '10.40.0.11' }),
      ],
    },
    { labFolder: '/labs/a', platform: hostPlatform() },
  );
  const { ports } = switchConfiguration.parse(input);
  const all = ['deb.debian.org', '198.51.100.7', '*.example.org:443'];
  assert.deepEqual(
    ports.map(({ machine, network, allow, router }) => [machine, network, allow, router]),
    [
      ['web', 'lan', all, true],
      ['web', 'dmz', all, false],
      ['web', 'out', all, false],
      ['free', 'lan', undefined, false],
    ],
  );
});
