import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StandaloneRecord } from '@goqemu/vm';
import { checkConfig, type QemuVMConfig } from '../options/vm-config.ts';
import { refuseDifference } from './compare-record.ts';

const record: StandaloneRecord = {
  version: 1,
  name: 'web',
  temporary: false,
  image: 'debian-12',
  snapshots: 'disk',
  networkWish: 'auto',
  networkReason: 'passt is not installed',
  forward: { http: { guest: 80 }, db: { guest: 5432, host: 15432 } },
  spec: {
    name: 'web',
    arch: 'amd64',
    firmware: 'bios',
    accelerator: 'auto',
    memory: 2 ** 30,
    cpus: 2,
    disk: 10e9,
    display: false,
    user: 'debian',
    identity: { hostname: 'web', instanceId: 'i-1', mac: '52:54:00:00:00:01', machineId: '0', sshPort: 20022 },
    forwards: {},
    network: { kind: 'user' },
    timeouts: {},
  },
};
const compare = (config: QemuVMConfig) => refuseDifference(record, checkConfig(config, 'amd64').given);

test('options that are not given, or say the same in other words, are no difference', () => {
  compare({});
  compare({ name: 'web', memory: '1024 MiB', disk: 10_000_000_000, network: 'auto' });
  compare({ forward: { db: { host: 15432, guest: 5432 }, http: 80 } });
});

test('every option that differs is named with the requested and the actual value', () => {
  assert.throws(() => compare({ memory: '2 GiB', cpus: 2, user: 'admin', hostname: 'shop', forward: { http: 8080 } }), {
    code: 'vm-differs',
    detail: [
      'memory: requested "2 GiB", it has "1 GiB"',
      'user: requested "admin", it has "debian"',
      'hostname: requested "shop", it has "web"',
      'forward: requested [["http",8080,null]], it has [["db",5432,15432],["http",80,null]]',
    ].join('\n'),
  });
});
