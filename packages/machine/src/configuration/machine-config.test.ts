import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { type MachineConfigInput, parseMachineConfig } from './machine-config.ts';

test('an empty configuration is a machine of 512 MiB with one CPU, a generated name and a generated uuid', () => {
  const config = parseMachineConfig({});
  assert.equal(config.memory, 512 * 2 ** 20);
  assert.equal(config.cpus, 1);
  assert.equal(config.arch, 'x86_64');
  assert.equal(config.accelerator, 'auto');
  assert.equal(config.name, `goqemu-${config.uuid.slice(0, 8)}`);
});

test('devices are named by kind and position unless they have an id', () => {
  const config = parseMachineConfig({
    drives: [{ source: 'a' }, { id: 'data', source: 'b' }, { source: 'c' }],
    cdroms: [{}],
    networks: [{ kind: 'user' }, { kind: 'none' }],
  });
  assert.deepEqual(
    config.drives.map((drive) => drive.id),
    ['disk0', 'data', 'disk2'],
  );
  assert.deepEqual([config.cdroms[0]?.id, ...config.networks.map((network) => network.id)], ['cd0', 'net0', 'net1']);
});

test('checking a checked configuration again changes nothing', () => {
  const input: MachineConfigInput = {
    arch: 'amd64',
    memory: '1 GiB',
    cpu: 'max',
    kvm: false,
    drives: [{ source: '/a,b' }, { source: { kind: 'nbd', server: { host: 'h' } }, format: 'raw' }],
    networks: [{ kind: 'user', mac: '52:54:00:AA:BB:CC', forwards: [{ hostPort: 1, guestPort: 2 }] }],
    firmware: 'uefi',
    display: 'none',
    rtc: { base: '2026-01-01T00:00:00' },
  };
  const once = parseMachineConfig(input);
  assert.deepEqual(parseMachineConfig(once), once);
});

test('kvm is short for the accelerator', () => {
  assert.equal(parseMachineConfig({ kvm: true }).accelerator, 'kvm');
  assert.equal(parseMachineConfig({ kvm: false }).accelerator, 'tcg');
});

test('a mistake is reported with the option, what was expected and what was got', () => {
  const cases: [unknown, RegExp][] = [
    [{ memory: 'much' }, /^memory: expected a size such as '4 GiB'.*, got "much"$/],
    [{ memory: 1000 }, /^memory: expected a whole number of MiB/],
    [{ cpus: 0 }, /^cpus: expected at least 1, got 0$/],
    [{ cpus: '2' }, /^cpus: expected a number, got "2"/],
    [{ arch: 'z80' }, /^arch: expected an architecture that QEMU emulates, got "z80"/],
    [{ drives: [{ source: 'x', format: 'qcow9' }] }, /^drives\[0\]\.format: .*"qcow2".*got "qcow9"/],
    [{ drives: [{ source: 'x', aio: 'native' }] }, /^drives\[0\]\.aio: aio 'native' needs cache 'none'/],
    [{ drives: [{}] }, /^drives\[0\]\.source: /],
    [{ drives: [{ source: 'a\0b' }] }, /^drives\[0\]\.source: .*NUL/],
    [
      { drives: [{ source: { kind: 'nbd', server: { host: 'h', port: 99999 } } }] },
      /^drives\[0\]\.source\.server\.port: /,
    ],
    [{ networks: [{ kind: 'wifi' }] }, /^networks\[0\]\.kind: expected "user" or .*, got "wifi"$/],
    [
      { networks: [{ kind: 'user', forwards: [{ hostPort: 80, guestPort: 0 }] }] },
      /^networks\[0\]\.forwards\[0\]\.guestPort: /,
    ],
    [{ networks: [{ kind: 'user', mac: '01:00:5e:00:00:01' }] }, /unicast MAC address/],
    [{ networks: [{}] }, /^networks\[0\]\.kind: expected "user" or "tap".*, got nothing$/],
    [{ display: 'monitor' }, /^display: expected .*"gtk".*"vnc".*, got "monitor"$/],
    [{ cpu: 'a,b' }, /^cpu: expected a CPU model such as 'max'/],
    [{ firmware: 'efi' }, /^firmware: expected "bios" or "uefi" or an object, got "efi"$/],
    [{ rtc: { base: 'noon' } }, /^rtc\.base: expected 'utc', 'localtime' or a time such as .*, got "noon"$/],
    [{ ram: 5 }, /there is no option "ram"/],
    [
      { drives: [{ id: 'x', source: 'a' }], networks: [{ kind: 'user', id: 'x' }] },
      /^networks\[0\]\.id: expected an id that no other/,
    ],
    [{ drives: [{ id: '0bad', source: 'a' }] }, /^drives\[0\]\.id: expected a letter/],
  ];
  for (const [input, expected] of cases) {
    assert.throws(
      () => parseMachineConfig(input as MachineConfigInput),
      (error) => {
        assert.ok(hasErrorCode(error, 'machine-config-invalid'), String(error));
        assert.match(error.message, expected);
        return true;
      },
    );
  }
});

test('every mistake of a configuration is reported at once', () => {
  assert.throws(
    () => parseMachineConfig({ memory: 'much', cpus: 0 } as unknown as MachineConfigInput),
    (error) => hasErrorCode(error, 'machine-config-invalid') && (error.data.mistakes as string[]).length === 2,
  );
});

test('a pseries machine takes its memory in blocks of 256 MiB', () => {
  assert.equal(parseMachineConfig({ arch: 'ppc64le' }).memory, 512 * 2 ** 20);
  assert.throws(
    () => parseMachineConfig({ arch: 'ppc64', memory: '128 MiB' }),
    (error) =>
      hasErrorCode(error, 'machine-config-invalid') && /memory: expected a multiple of 256/.test(error.message),
  );
});
