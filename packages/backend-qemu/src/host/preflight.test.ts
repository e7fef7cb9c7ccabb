import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostPlatform, hostPlatform } from '@goqemu/core';
import type { BackendCall, MachineSpec } from '@goqemu/lab';
import { mayReadMemory, type QemuInstallation } from '@goqemu/machine';
import type { VmHost } from '@goqemu/vm';
import { preflight } from './preflight.ts';

const call: BackendCall = {
  lineage: '0123456789ab',
  lab: 'web',
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as BackendCall;

const machine = (name: string, accelerator: MachineSpec['accelerator'] = 'auto') =>
  ({
    name,
    arch: 'amd64',
    firmware: 'bios',
    accelerator,
    memory: 2 ** 30,
    forwards: {},
    identity: {},
  }) as unknown as MachineSpec;

/** A host with plenty of memory, and a QEMU 10 that has everything but what is named. */
function host(system: HostPlatform['system'], best: 'tcg' | 'whpx', without: readonly string[] = []): VmHost {
  const features = {
    objects: ['memory-backend-file'].filter((name) => !without.includes(name)),
    migrationCapabilities: ['x-ignore-shared', 'mapped-ram'],
    commands: ['xen-save-devices-state'],
    netdevs: ['user', 'stream'],
  };
  const version = { major: 10, minor: 0, micro: 0, text: '10.0.0' };
  return {
    platform: { ...hostPlatform(), system },
    folders: { home: '/home/me/qemu' },
    room: { disk: async () => 2 ** 40, memory: async () => 2 ** 40 },
    installation: async () => ({ version, features }) as unknown as QemuInstallation,
    accelerator: async () => ({ accelerator: best, reason: '', notices: [] }),
  } as unknown as VmHost;
}

test('a plan says which RAM strategy checkpoints use, once for all machines that use it', async () => {
  const found = await preflight(host('darwin', 'tcg'), [machine('web'), machine('db', 'tcg')], call);
  assert.deepEqual(found, [
    {
      severity: 'notice',
      code: 'slower-checkpoints',
      message:
        'checkpoints of web, db hold disk and, where they have a name, RAM, which QEMU writes and reads whole (mapped-ram): RAM can be reached from outside QEMU on Linux alone',
    },
  ]);
});

test('a machine that WHPX runs keeps its disk only, whether it was asked for or chosen', async () => {
  const found = await preflight(host('win32', 'whpx'), [machine('web'), machine('db', 'tcg')], call);
  assert.deepEqual(
    found.map(({ code, message }) => `${code}: ${message}`),
    [
      'ram-not-kept: checkpoints of web hold disk only, restoring boots: WHPX cannot save the state of its processors',
      'slower-checkpoints: checkpoints of db hold disk and, where they have a name, RAM, which is streamed out of QEMU and back: RAM can be reached from outside QEMU on Linux alone',
    ],
  );
});

test('nothing is said where RAM is restored copy-on-write', async () => {
  const linux = host('linux', 'tcg');
  const found = await preflight(linux, [machine('web')], call);
  assert.deepEqual(
    found.map(({ code }) => code),
    (await mayReadMemory(linux.platform)) ? [] : ['slower-checkpoints'],
  );
});

test('a plan says before anything boots that a checkpoint may find no room', async () => {
  const full = host('linux', 'tcg');
  const found = await preflight({ ...full, room: { ...full.room, disk: async () => 2 ** 20 } }, [machine('web')], call);
  const said = found.find(({ code }) => code === 'little-room');
  assert.match(said?.message ?? '', /^1 MiB are free at \/home\/me\/qemu.* may take 1 GiB/);
});

test('a plan says that cards in networks are open to other users of a Windows host', async () => {
  const wired = { ...machine('db'), identity: { cards: [{}] } } as unknown as MachineSpec;
  const codes = async (system: HostPlatform['system']) =>
    (await preflight(host(system, 'tcg'), [machine('web'), wired], call))
      .filter(({ code }) => code === 'network-cards-open')
      .map(({ message }) => message);
  assert.match((await codes('win32')).join(), /^the network cards of db are reached by ports/);
  assert.deepEqual([await codes('linux'), await codes('darwin')], [[], []]);
});

test('a UDP port that leads to a machine without a way out is refused: its answers would be dropped', async () => {
  const forwards = { dns: { protocol: 'udp', host: 5353, guest: 53 } } as const;
  const found = await preflight(
    host('linux', 'tcg'),
    [
      { ...machine('closed'), forwards, wayOut: 'none' },
      { ...machine('open'), forwards },
      { ...machine('tcp'), forwards: { http: { host: 8080, guest: 80 } }, wayOut: 'none' },
    ],
    call,
  );
  assert.deepEqual(
    found.filter(({ severity }) => severity === 'error').map(({ code, machine: name }) => [code, name]),
    [['forward-refused', 'closed']],
  );
});

test('a machine that is to be on the host’s network is refused where no way leads there, with what would open one', async () => {
  const windows = { ...host('win32', 'tcg'), platform: { ...hostPlatform(), system: 'win32' as const } };
  const machines = [{ ...machine('web', 'tcg'), network: 'host' } as const, machine('db', 'tcg')];
  const found = (await preflight(windows, machines, call)).filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    found.map(({ code, machine: name }) => [code, name]),
    [['host-network-unavailable', 'web']],
  );
  assert.match(found[0]?.message ?? '', /web: network: 'host' .*Windows has no network that QEMU can bridge to/);
});
