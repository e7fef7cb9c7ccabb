import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findNewerQemu } from '@goqemu/testing';
import { execa } from 'execa';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import { findQemu } from '../find/find-qemu.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';

async function disk(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await execa((await testQemu()).imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', path, '16M']);
  return path;
}

/** One of everything that needs nothing else on the host. */
async function everything(folder: string): Promise<MachineConfigInput> {
  await writeFile(join(folder, 'secret'), 'value');
  await writeFile(join(folder, 'disc.iso'), Buffer.alloc(65_536));
  return {
    name: 'all',
    cpus: 4,
    topology: { sockets: 1, cores: 2, threads: 2 },
    cpu: { model: 'Nehalem', features: { aes: true } },
    memory: '128 MiB',
    drives: [
      { source: await disk(folder, 'a'), cache: 'none', detectZeroes: 'unmap', serial: 'A', bootIndex: 1 },
      { source: await disk(folder, 'b'), interface: 'scsi', throttleGroup: 'slow', cache: 'unsafe' },
      { source: await disk(folder, 'c'), interface: 'sata', cache: 'writethrough' },
      { source: await disk(folder, 'd'), interface: 'nvme', aio: 'threads' },
      { source: await disk(folder, 'e'), interface: 'usb', readOnly: true },
    ],
    cdroms: [{ path: join(folder, 'disc.iso') }, {}, { interface: 'scsi' }],
    throttleGroups: [{ id: 'slow', limits: { iopsTotal: 100, bytesWrite: 1_000_000 } }],
    networks: [
      { kind: 'user', restrict: true, cidr: '10.9.0.0/24', hostname: 'all', dns: '10.9.0.3', ipv6: false },
      { kind: 'stream', server: true, address: { path: join(folder, 'frames') } },
      { kind: 'dgram', local: { path: join(folder, 'l') }, remote: { path: join(folder, 'r') }, model: 'e1000e' },
      { kind: 'none', model: 'rtl8139' },
    ],
    hotplugPorts: 8,
    serialLog: join(folder, 'serial'),
    chardevs: [
      { id: 'more', backend: { kind: 'file', path: join(folder, 'more') } },
      { id: 'pty', backend: { kind: 'pty' } },
      { id: 'null', backend: { kind: 'null' } },
      {
        id: 'chan',
        backend: { kind: 'socket', address: { path: join(folder, 'chan') }, log: join(folder, 'chan.log') },
      },
    ],
    serialPorts: ['more', 'pty'],
    virtioPorts: [{ name: 'org.example.0', chardev: 'chan' }],
    guestAgent: true,
    balloon: true,
    vmgenid: true,
    boot: { order: ['cdrom', 'disk', 'network'], menuMs: 1 },
    display: { kind: 'vnc', listen: { path: join(folder, 'vnc') }, password: true },
    video: 'std',
    audio: { backend: 'none', device: 'hda' },
    usb: { devices: [{ kind: 'tablet' }, { kind: 'mouse' }, { kind: 'keyboard' }] },
    rtc: { base: '2026-01-02T03:04:05', clock: 'vm', driftFix: 'slew' },
    secrets: [{ id: 'key', path: join(folder, 'secret') }],
  };
}

async function startsWhole(t: TestContext, installation: QemuInstallation, extraArguments: string[]): Promise<void> {
  const folder = await temporaryFolder(t);
  const machine = await testMachine(t, { ...(await everything(folder)), extraArguments }, { installation });
  assert.equal(await machine.status(), 'running');
  const blocks = await machine.blocks.list();
  assert.deepEqual(blocks.map((block) => block.id).sort(), [
    'cd0',
    'cd1',
    'cd2',
    'disk0',
    'disk1',
    'disk2',
    'disk3',
    'disk4',
  ]);
  const cpus = await machine.qmp.execute('query-cpus-fast');
  assert.equal(cpus.length, 4);
  const { exit } = await machine.quit();
  assert.deepEqual([exit.cause, exit.code], ['host', 0], exit.lastWords);
}

test('a machine with one of everything starts', async (t) => {
  await startsWhole(t, await testQemu(), []);
});

test('the same machine starts on a newer QEMU, where one can be had', async (t) => {
  const newer = await findNewerQemu();
  if (!newer.found) {
    assert.match(newer.reason, /no newer QEMU/);
    return;
  }
  const installation = await findQemu({ arch: 'x86_64', explicitPath: newer.program });
  assert.ok(installation.version.major > 7);
  await startsWhole(t, installation, ['-L', newer.firmware]);
});

test('the older machine type of the PC takes the same devices, where it has a place for them', async (t) => {
  const folder = await temporaryFolder(t);
  const { networks, ...rest } = await everything(folder);
  const config = { ...rest, networks: networks?.slice(0, 2) ?? [], machineType: 'pc', hotplugPorts: 0 };
  const machine = await testMachine(t, config);
  assert.match(machine.record.machineType, /^pc-i440fx-/);
  await machine.blocks.plug({ id: 'more', source: await disk(folder, 'f') });
  assert.ok((await machine.blocks.list()).some((block) => block.id === 'more'));
});
