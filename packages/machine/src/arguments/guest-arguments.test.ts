import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import { otherPlatform, temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import { argumentDifference, guestArguments, plannedGuestArguments } from './guest-arguments.ts';

const base: MachineConfigInput & { accelerator: 'tcg' } = {
  accelerator: 'tcg',
  memory: '64 MiB',
  guestAgent: true,
  vmgenid: true,
  networks: [{ id: 'net0', kind: 'user' }],
};

type Change = Partial<Omit<MachineConfigInput, 'accelerator'>>;

async function planned(change: Change = {}, system: 'linux' | 'win32' = 'linux') {
  return plannedGuestArguments({ ...base, ...change }, await testQemu(), otherPlatform(system));
}

test('two starts that differ in what only the host sees have the same arguments', async () => {
  const usual = await planned();
  const same: Change[] = [
    { name: 'other', uuid: '11111111-2222-4333-8444-555555555555' },
    { runtimeFolder: '/somewhere/else', serialLog: '/a,b/serial.log', stderrLog: '/log' },
    { memoryBackend: { kind: 'plain' } },
    { memoryBackend: { kind: 'file', path: '/ram', share: false } },
    { incoming: 'defer', startPaused: true, sandbox: false },
    {
      networks: [
        {
          id: 'net0',
          kind: 'user',
          mac: '52:54:00:11:22:33',
          forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, guestPort: 80 }],
        },
      ],
    },
  ];
  for (const change of same) assert.equal(argumentDifference(usual, await planned(change)), undefined);
  assert.equal(argumentDifference(usual, await planned({}, 'win32')), undefined);
});

test('where a disk lies makes no difference, and what it is does', async () => {
  const on = (source: string, more: object = {}) => planned({ drives: [{ source, format: 'qcow2', ...more }] });
  assert.equal(argumentDifference(await on('/a/disk-1.qcow2'), await on('/b/disk-2.qcow2')), undefined);
  assert.match(argumentDifference(await on('/a'), await on('/a', { readOnly: true })) ?? '', /read-only/);
});

test('a device, a processor or an argument more is a difference, named by the argument of QEMU', async () => {
  const usual = await planned();
  const changes: [Change, RegExp][] = [
    [{ balloon: true }, /started with -device .*virtio-balloon/],
    [{ cpus: 2 }, /-smp cpus=1, and now it would be started with -smp cpus=2/],
    [{ memory: '128 MiB' }, /size=64M/],
    [{ networks: [] }, /virtio-net|net0/],
    [{ networks: [{ id: 'net0', kind: 'stream', address: { path: '/n' }, server: true }] }, /"type":"user"/],
    [{ extraArguments: ['-global', 'virtio-blk-device.queue-size=64'] }, /-global virtio-blk-device.queue-size=64/],
    [{ extraArguments: ['-no-hpet'] }, /it would be started with -no-hpet/],
  ];
  for (const [change, words] of changes)
    assert.match(argumentDifference(usual, await planned(change)) ?? 'no difference', words);
});

test('a machine on record has the arguments that a plan of it foresees', async (t) => {
  const folder = await temporaryFolder(t);
  const platforms = [hostPlatform(), otherPlatform('win32', { temporaryFolder: '/tmp' })];
  // As a card for a switch has it on Windows.
  const card = { kind: 'stream', server: true, address: { portFile: join(folder, 'l0.port') } } as const;
  for (const platform of platforms) {
    const variables = join(folder, `${platform.system}.qcow2`);
    for (const firmware of [{ kind: 'bios' as const }, { kind: 'uefi' as const, variables }]) {
      const config = { ...base, firmware, startPaused: true, networks: [{ kind: 'user' as const }, card] };
      const machine = await testMachine(t, config, { platform });
      const now = plannedGuestArguments(config, await testQemu(), platform);
      assert.deepEqual(machine.record.guestArguments, now);
      assert.ok(now.length > 10);
    }
  }
});

test('no path, key or address is among them', () => {
  const argv = [
    ...['-object', '{"qom-type":"tls-creds-psk","id":"t","dir":"/secret"}', '-chardev', 'socket,id=c,path=/secret/c'],
    ...['-blockdev', '{"driver":"qcow2","node-name":"d","file":{"driver":"file","filename":"/secret/d"}}'],
    ...['-netdev', 'user,id=n,hostfwd=tcp:127.0.0.1:2222-:22', '-S', '-incoming', 'defer'],
  ];
  assert.deepEqual(guestArguments(argv), [
    '-chardev {"backend":"socket","id":"c"}',
    '-blockdev {"driver":"qcow2","file":{"driver":"file"},"node-name":"d"}',
    '-netdev {"id":"n","type":"user"}',
  ]);
});
