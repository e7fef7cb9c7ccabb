import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostNetwork } from '@goqemu/network';
import { foreignCard, managementMac, networkConfig, outwardMac } from './vm-network.ts';

const own = '52:54:00:00:00:01';
const other = '52:54:00:00:00:99';
const identity = { hostname: 'web', instanceId: 'i-1', mac: own, machineId: '0', sshPort: 20_022 };
const bridge: HostNetwork = { kind: 'bridge', bridge: 'br0', helper: '/usr/lib/qemu/qemu-bridge-helper' };

test("the first card has the address of the machine whose RAM runs on, unless there is a card on the host's network", () => {
  assert.equal(managementMac({ identity }, {}), own);
  assert.equal(managementMac({ identity }, { mac: other }), other);
  assert.equal(
    managementMac({ identity, network: { kind: 'passt', program: '/usr/bin/passt' } }, { mac: other }),
    other,
  );
  assert.equal(managementMac({ identity, network: bridge }, { mac: other }), own);
});

test('the cards of a machine with two are found in its seed by the addresses that they have', () => {
  const spec = { identity, network: bridge };
  const { ethernets } = networkConfig(spec) as { ethernets: Record<string, { match: { macaddress: string } }> };
  assert.equal(ethernets.forwards?.match.macaddress, managementMac(spec, { mac: other }));
  assert.equal(ethernets.outward?.match.macaddress, outwardMac(spec, { mac: other }));
});

test("on the host's network a machine continues its own RAM alone", () => {
  const reason = /another machine/;
  const spec = { identity, network: bridge };
  assert.equal(foreignCard(spec, { instanceId: 'i-1', mac: own }), undefined);
  assert.equal(foreignCard(spec, { instanceId: 'i-1' }), undefined); // a layer from before addresses were recorded
  assert.match(foreignCard(spec, { instanceId: 'i-1', mac: other }) ?? '', reason);
  assert.match(foreignCard(spec, { instanceId: 'i-2', mac: own }) ?? '', reason);
  assert.match(foreignCard(spec, { instanceId: 'i-2' }) ?? '', reason);
  assert.equal(foreignCard({ identity }, { instanceId: 'i-2', mac: other }), undefined);
});
