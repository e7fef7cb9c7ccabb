import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostPlatform, hostPlatform } from '@goqemu/core';
import { mayReadMemory, type QemuInstallation } from '@goqemu/machine';
import { hostRamStrategy, machineRamStrategy, takesRam } from './ram-strategy.ts';

const host = (system: HostPlatform['system']) => ({ platform: { ...hostPlatform(), system } });

/** What Debian's builds of these versions have that matters here. */
function qemu(major: number, minor: number, without: readonly string[] = []): QemuInstallation {
  const left = (names: readonly string[]) => names.filter((name) => !without.includes(name));
  const features = {
    objects: left(['memory-backend-file', 'memory-backend-memfd', 'memory-backend-ram']),
    migrationCapabilities: left(['x-ignore-shared', ...(major >= 9 ? ['mapped-ram'] : [])]),
    commands: left(['xen-save-devices-state']),
  };
  const version = { major, minor, micro: 0, text: `${major}.${minor}.0` };
  return { version, features } as unknown as QemuInstallation;
}

test('on Linux the RAM is a file, and restored copy-on-write where this user may read it', async () => {
  const best = (await mayReadMemory(host('linux').platform)) ? 'copy-on-write' : 'copy';
  for (const installation of [qemu(7, 2), qemu(8, 1), qemu(10, 0)])
    assert.equal((await hostRamStrategy(host('linux'), installation)).kind, best);
  const { kind, reason } = await hostRamStrategy(host('linux'), qemu(7, 2, ['xen-save-devices-state']));
  assert.deepEqual(
    [kind, reason],
    ['copy', 'disk and RAM, copied at each restore: QEMU 7.2.0 has no xen-save-devices-state'],
  );
});

test('a build that cannot share RAM writes it itself: sparse where it can, else as a stream', async () => {
  const of = async (installation: QemuInstallation) => (await hostRamStrategy(host('linux'), installation)).kind;
  assert.equal(await of(qemu(7, 2, ['memory-backend-memfd'])), 'stream');
  assert.equal(await of(qemu(8, 1, ['memory-backend-memfd'])), (await of(qemu(8, 1))) as string);
  assert.equal(await of(qemu(8, 1, ['memory-backend-file'])), 'stream');
  assert.equal(await of(qemu(9, 0, ['x-ignore-shared'])), 'mapped-ram');
  const { reason } = await hostRamStrategy(host('linux'), qemu(7, 2, ['x-ignore-shared']));
  assert.match(
    reason,
    /^disk and, where they have a name, RAM, which is streamed .*QEMU 7\.2\.0 cannot leave RAM out of a saved state/,
  );
});

test('other systems take what QEMU writes, and Windows never mapped-ram', async () => {
  const kinds = async (system: HostPlatform['system']) =>
    Promise.all(
      [qemu(7, 2), qemu(8, 2), qemu(10, 0)].map(async (one) => (await hostRamStrategy(host(system), one)).kind),
    );
  assert.deepEqual(await kinds('darwin'), ['stream', 'stream', 'mapped-ram']);
  assert.deepEqual(await kinds('win32'), ['stream', 'stream', 'stream']);
});

test('WHPX keeps the disk only, and UEFI variables keep a machine from copy-on-write', async () => {
  const best = { kind: 'copy-on-write', reason: 'disk and RAM, restored copy-on-write' } as const;
  const stream = await hostRamStrategy(host('win32'), qemu(8, 2));
  assert.equal(machineRamStrategy(stream, { firmware: 'bios', accelerator: 'tcg' }), stream);
  assert.deepEqual(machineRamStrategy(stream, { firmware: 'bios', accelerator: 'whpx' }), {
    kind: 'disk',
    reason: 'disk only, restoring boots: WHPX cannot save the state of its processors',
  });
  assert.equal(machineRamStrategy(best, { firmware: 'bios', accelerator: 'kvm' }), best);
  assert.equal(machineRamStrategy(best, { firmware: 'uefi', accelerator: 'kvm' }).kind, 'copy');
  assert.equal(machineRamStrategy(stream, { firmware: 'uefi', accelerator: 'tcg' }), stream);
});

test('where QEMU writes RAM whole, steps keep the disk alone, and checkpoints with a name keep the RAM', () => {
  const kinds = ['copy-on-write', 'copy', 'mapped-ram', 'stream', 'disk'] as const;
  const taking = (isNamed: boolean) => kinds.filter((kind) => takesRam({ kind, reason: '' }, { isNamed }));
  assert.deepEqual(taking(true), ['copy-on-write', 'copy', 'mapped-ram', 'stream']);
  assert.deepEqual(taking(false), ['copy-on-write', 'copy']);
});
