import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGoqemuError } from '@goqemu/core';
import type { StandaloneOptionName } from '@goqemu/spec';
import { checkName } from './check-name.ts';
import { checkConfig, type QemuVMConfig } from './vm-config.ts';

test('a configuration has a default for everything', () => {
  const { shape, name, timeouts } = checkConfig({}, 'amd64');
  assert.deepEqual(shape, {
    image: 'debian-12',
    arch: 'amd64',
    firmware: 'bios',
    memory: 4 * 2 ** 30,
    cpus: 2,
    disk: undefined,
    display: false,
    hostname: undefined,
    snapshots: 'disk',
    network: 'auto',
    forward: {},
    user: undefined,
    accelerator: 'auto',
  });
  assert.equal(name, undefined);
  assert.equal(timeouts.start, 15 * 60_000);
});

test('firmware follows the architecture', () => {
  assert.equal(checkConfig({ arch: 'arm64' }, 'amd64').shape.firmware, 'uefi');
  assert.equal(checkConfig({ firmware: 'uefi' }, 'amd64').shape.arch, 'amd64');
  const { shape, given } = checkConfig({}, 'arm64');
  assert.deepEqual([shape.arch, shape.firmware, given.arch], ['arm64', 'uefi', undefined], 'as the host is');
  assert.equal(checkConfig({ arch: 'amd64', firmware: 'bios' }, 'arm64').shape.firmware, 'bios');
  assert.throws(() => checkConfig({ firmware: 'bios' }, 'arm64'), /expected 'uefi': arm64 has no BIOS/);
});

test('units, forwards and time-outs are read', () => {
  const { shape, given, timeouts } = checkConfig(
    {
      memory: '512 MiB',
      disk: '20 GB',
      forward: { http: 80, db: { guest: 5432, host: 15432 } },
      timeouts: { start: '90 s' },
    },
    'amd64',
  );
  assert.deepEqual([shape.memory, shape.disk, timeouts.start, timeouts.stop], [512 * 2 ** 20, 20e9, 90_000, 180_000]);
  assert.deepEqual(shape.forward, { http: { guest: 80, host: undefined }, db: { guest: 5432, host: 15432 } });
  assert.deepEqual(Object.keys(given).sort(), ['disk', 'forward', 'memory']);
});

test('time-outs of a boot are those of the machine, and those of operations of the object', () => {
  const { timeouts, machineTimeouts } = checkConfig(
    { timeouts: { sshBanner: '10 min', cloudInit: 5, stop: '20 s' } },
    'amd64',
  );
  assert.deepEqual(machineTimeouts, { sshBanner: 600_000, cloudInit: 5 });
  assert.deepEqual([timeouts.stop, timeouts.start], [20_000, 900_000]);
  assert.ok(!('sshBanner' in timeouts));
});

const mistakes: readonly (readonly [unknown, RegExp])[] = [
  [{ memry: '1 GiB' }, /there is no option "memry"/],
  [{ memory: '1 GB' }, /memory: expected a whole number of MiB from 64 MiB to 1 TiB/],
  [{ memory: '1 MiB' }, /memory: expected a whole number of MiB from 64 MiB to 1 TiB/],
  [{ memory: '4 gigs' }, /memory: expected a size such as '4 GiB' or a whole number of bytes, got "4 gigs"/],
  [{ memory: null }, /memory: expected a size/],
  [{ cpus: 0 }, /cpus: expected a whole number from 1 to 255, got 0/],
  [{ cpus: 2.5 }, /cpus: expected a whole number from 1 to 255, got 2.5/],
  [{ cpus: '2' }, /cpus: expected a number, got "2"/],
  [{ disk: -1 }, /disk: expected a size/],
  [{ image: '' }, /image: /],
  [
    { name: 'My VM' },
    /name: expected 1 to 63 lower-case letters, digits and inner hyphens, such as "web-1", got "My VM"/,
  ],
  [{ name: '../up' }, /name: /],
  [{ snapshots: 'ram' }, /snapshots: expected "disk" or "memory", got "ram"/],
  [{ network: 'bridge' }, /network: expected "auto" or "host" or "user", got "bridge"/],
  [{ forward: { http: 70_000 } }, /forward.http: expected a port from 1 to 65535, or \{ guest, host, protocol \}/],
  [{ user: 'root' }, /user: expected an ordinary user of the guest, not root: .*, got "root"/],
  [{ arch: 'x86_64' }, /arch: expected "amd64" or "arm64", got "x86_64"/],
  [{ arch: 'arm64', firmware: 'bios' }, /firmware: expected 'uefi': arm64 has no BIOS, got "bios"/],
  [{ hostname: 'a b' }, /hostname: expected 1 to 63 letters, digits and inner hyphens/],
  [{ disk: '1 kB' }, /disk: expected a size from 1 MiB to 64 TiB/],
  [{ accelerator: 'xen' }, /accelerator: expected "auto"/],
  [{ timeouts: { start: 'soon' } }, /timeouts.start: expected a duration/],
  [{ timeouts: { boot: 1 } }, /timeouts: there is no option "boot"/],
  [{ logger: () => undefined }, /logger: expected an object with a method log/],
  [[], /expected an object/],
];

for (const [config, expected] of mistakes) {
  test(`a configuration of ${JSON.stringify(config)} is refused with the option, what was expected and what was got`, () => {
    assert.throws(
      () => checkConfig(config as QemuVMConfig, 'amd64'),
      (error) => {
        assert.ok(isGoqemuError(error) && error.code === 'option-invalid' && error.source === 'user');
        assert.match(error.message, expected);
        return true;
      },
    );
  });
}

test('all mistakes are reported at once', () => {
  assert.throws(
    () => checkConfig({ cpus: 0, memory: 1 }, 'amd64'),
    (error) => isGoqemuError(error) && (error.data.mistakes as string[]).length >= 2,
  );
});

test('a name that is none is refused where a VM is looked for', () => {
  assert.equal(checkName('web-1'), 'web-1');
  assert.throws(() => checkName('a/b'), { code: 'option-invalid' });
});

test('what sets a property of a machine in a lab does so here, too', () => {
  const all: (option: StandaloneOptionName) => keyof QemuVMConfig = (option) => option;
  assert.equal(all('hostname'), 'hostname');
});

test('the compiler refuses what the check would', () => {
  const refused: QemuVMConfig[] = [
    // @ts-expect-error there is no such unit
    { memory: '4 gigs' },
    // @ts-expect-error there is no such option
    { memry: '4 GiB' },
    // @ts-expect-error a number is a number
    { cpus: '2' },
    // @ts-expect-error there is no such network
    { network: 'bridge' },
    // @ts-expect-error there is no such time-out
    { timeouts: { boot: '1 min' } },
  ];
  for (const config of refused) assert.throws(() => checkConfig(config, 'amd64'), { code: 'option-invalid' });
});
