import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { createVmHost } from '../vm/create-vm-host.ts';
import { Vm } from '../vm/vm.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import { deviceDigest } from './device-digest.ts';
import { machineConfiguration } from './machine-configuration.ts';

const spec: VmSpec = {
  name: 'web',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'tcg',
  memory: 2 ** 30,
  cpus: 2,
  disk: 10e9,
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
    { hostPort: 20_022, guestPort: 22 },
    { hostPort: 8080, guestPort: 80 },
  ];
  assert.deepEqual(networks, [{ kind: 'user', id: 'net0', mac: '52:54:00:00:00:01', forwards }]);
});

test('the digest of the devices is the one that layers hold', () => {
  const digests = [spec, { ...spec, firmware: 'uefi' as const }].map((one) => deviceDigest(configurationOf(one)));
  assert.deepEqual(digests, [
    'b771ee3ddf8d3919b5ce4e84f1363f124b419300a90ed0c8da8b2cc07aefc2f6',
    '9f2ddb4bae28b11225d66dc5da050e9efb11269fa3a34d06b206b530485e7216',
  ]);
});
