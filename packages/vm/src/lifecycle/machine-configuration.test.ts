import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { findQemu, plannedGuestArguments } from '@goqemu/machine';
import { createVmHost } from '../vm/create-vm-host.ts';
import { Vm } from '../vm/vm.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import { deviceDigest } from './device-digest.ts';
import { inFolder, machineConfiguration } from './machine-configuration.ts';

const spec: VmSpec = {
  name: 'web',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'tcg',
  memory: 2 ** 30,
  cpus: 2,
  disk: 10e9,
  display: false,
  user: 'debian',
  identity: { hostname: 'web', instanceId: 'i-1', mac: '52:54:00:00:00:01', machineId: '0', sshPort: 20_022 },
  forwards: { http: { host: 8080, guest: 80 } },
  timeouts: {},
};
const host = createVmHost({ platform: { ...hostPlatform(), env: { GOQEMU_HOME: '/nowhere' } } });
const state = { version: 1, uuid: '11111111-2222-4333-8444-555555555555', disk: 'disk.qcow2' } as never;
const configurationOf = (machine: VmSpec) =>
  machineConfiguration(new Vm(host, { lineage: '0123456789ab', labFolder: '/nowhere/lab' }, machine), state);

test('QEMU is passed the properties of the machine, and its cards the address and the ports', () => {
  const { name, arch, accelerator, memory, cpus, firmware, networks } = configurationOf(spec);
  assert.deepEqual(
    { name, arch, accelerator, memory, cpus, firmware },
    { name: 'web', arch: 'amd64', accelerator: 'tcg', memory: 2 ** 30, cpus: 2, firmware: { kind: 'bios' } },
  );
  const forwards = [
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 20_022, guestPort: 22 },
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, guestPort: 80 },
  ];
  const [outward, ...cards] = networks ?? [];
  assert.deepEqual(outward, { kind: 'user', id: 'net0', mac: '52:54:00:00:00:01', forwards });
  assert.equal(cards.length, 4);
});

test('the first card keeps the address of the machine whose RAM runs on, which changes no device', () => {
  const other = { ...(state as object), mac: '52:54:00:00:00:99' } as never;
  const continued = machineConfiguration(
    new Vm(host, { lineage: '0123456789ab', labFolder: '/nowhere/lab' }, spec),
    other,
  );
  const [card, lan] = continued.networks ?? [];
  assert.deepEqual([card?.mac, lan?.mac], ['52:54:00:00:00:99', '52:54:01:00:00:01']);
  assert.equal(deviceDigest(continued), deviceDigest(configurationOf(spec)));
});

test('the first card of a machine without a way out is restricted, which changes no device', () => {
  const closed = configurationOf({ ...spec, wayOut: 'none' });
  const [card] = closed.networks ?? [];
  assert.deepEqual(card?.kind === 'user' && [card.restrict, card.ipv6], [true, false]);
  assert.equal(deviceDigest(closed), deviceDigest(configurationOf(spec)));
});

test('every machine has four cards for networks, in slots of their own; QEMU listens at each, wherever it runs', () => {
  const card = { name: 'lan', network: 'lan', slot: 2, mac: '52:54:03:00:00:09', ip: '10.40.0.10', prefix: 24 };
  const { networks } = configurationOf({ ...spec, identity: { ...spec.identity, cards: [card] } });
  const cards = (networks ?? []).filter((network) => network.kind === 'stream');
  assert.deepEqual(
    cards.map(({ id, slot, mac, server, optional }) => [id, slot, mac, server, optional]),
    [
      ['lan0', 2, '52:54:01:00:00:01', true, true],
      ['lan1', 3, '52:54:02:00:00:01', true, true],
      ['lan2', 4, '52:54:03:00:00:09', true, true],
      ['lan3', 5, '52:54:04:00:00:01', true, true],
    ],
  );
  const moved = inFolder(cards, '/elsewhere').map((network) => JSON.stringify('address' in network && network.address));
  // At sockets, or on Windows at ports that files say.
  for (const [slot, address] of moved.entries()) assert.match(address, new RegExp(`elsewhere\\W+l${slot}\\b`));
  assert.equal(deviceDigest(configurationOf(spec)), deviceDigest({ ...configurationOf(spec), networks }));
});

test('a machine with a display has a graphics card and a pointer, and its guest other devices; no other machine has', () => {
  const { video, usb } = configurationOf({ ...spec, display: true });
  assert.deepEqual([video, usb], ['std', { devices: [{ kind: 'tablet' }] }]);
  const plain = configurationOf(spec);
  assert.deepEqual(['video' in plain, 'usb' in plain, 'display' in plain], [false, false, false]);
  assert.notEqual(deviceDigest(configurationOf({ ...spec, display: true })), deviceDigest(plain));
});

for (const [arch, firmware, card] of [
  ['amd64', 'bios', 'VGA'],
  ['arm64', 'uefi', 'virtio-gpu-pci'],
] as const)
  test(`QEMU for ${arch} has every device that a machine of it is started with`, async () => {
    const machine = { ...spec, arch, firmware, display: true };
    const config = { ...configurationOf(machine), accelerator: 'tcg' } as const;
    const words = plannedGuestArguments(config, await findQemu({ arch }), hostPlatform());
    assert.equal(
      words.some((word) => word.includes('vmgenid')),
      arch === 'amd64',
    );
    assert.ok(words.some((word) => word.includes(`"${card}"`)));
    assert.ok(words.some((word) => word.includes('usb-tablet')));
  });

test('the digest of the devices is the one that layers hold', () => {
  const digests = [spec, { ...spec, firmware: 'uefi' as const }].map((one) => deviceDigest(configurationOf(one)));
  assert.deepEqual(digests, [
    'f37b1016ba90f43381a331f201852400bca778e73fc615cfb15d459249e3a811',
    'cd193991724bc1ce3af8a1bc2e093b8adee4930a166ef002d5d6aa0942fd812c',
  ]);
});
