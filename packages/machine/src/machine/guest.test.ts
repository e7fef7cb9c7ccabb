import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { goqemuFolders, hasErrorCode, hostPlatform, sleep, withDeadline } from '@goqemu/core';
import { ensureTinyGuest } from '@goqemu/testing';
import { execa } from 'execa';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import type { Machine } from './machine.ts';

/** The tiny Linux guest of the tests, up to the point where it says that it is ready. */
async function bootedGuest(t: TestContext, extra: MachineConfigInput = {}): Promise<Machine> {
  const cacheFolder = join(goqemuFolders(hostPlatform()).cache, 'testing');
  await mkdir(cacheFolder, { recursive: true });
  const image = await ensureTinyGuest({ cacheFolder });
  const folder = await temporaryFolder(t);
  const disk = join(folder, 'disk.qcow2');
  const serialLog = join(folder, 'serial.log');
  const qemuImg = (await testQemu()).imgPath ?? 'qemu-img';
  await execa(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', image.path, '-F', 'qcow2', disk]);
  const machine = await testMachine(t, {
    memory: '256 MiB',
    guestAgent: true,
    serialLog,
    drives: [{ source: disk }],
    networks: [{ kind: 'user' }],
    ...extra,
  });
  await withDeadline('booting the guest', 120_000, undefined, async (signal) => {
    while (!(await readFile(serialLog, 'utf8')).includes('tiny guest: ready')) await sleep(50, signal);
  });
  return machine;
}

test('a guest answers its agent, gives up what is unplugged, and is stopped through the agent', async (t) => {
  const machine = await bootedGuest(t, { hotplugPorts: 2 });
  const agent = await machine.agent({ timeoutMs: 20_000 });
  const { stdout } = await agent.exec({ path: '/bin/uname', args: ['-s'] });
  assert.equal(String(stdout).trim(), 'Linux');
  const disks = async () =>
    (await agent.exec({ path: '/bin/busybox', args: ['ls', '/sys/block'] })).stdout
      .toString()
      .split('\n')
      .filter(Boolean);
  const folder = await temporaryFolder(t);
  const more = join(folder, 'more.qcow2');
  await execa((await testQemu()).imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', more, '8M']);
  await machine.blocks.plug({ id: 'more', source: more });
  await withDeadline('the guest to see the disk', 30_000, undefined, async (signal) => {
    while (!(await disks()).includes('vdb')) await sleep(100, signal);
  });
  await machine.blocks.unplug('more', { timeoutMs: 30_000 });
  assert.ok(!(await disks()).includes('vdb'));
  assert.deepEqual(
    (await machine.blocks.list()).map((device) => device.id),
    ['disk0'],
  );
  await machine.networks.plug({ id: 'lan', kind: 'user' });
  await sleep(500); // the guest's driver takes the card; one that is not up yet cannot be asked to let go
  await machine.networks.unplug('lan', { timeoutMs: 30_000 });
  await assert.rejects(machine.agent({ timeoutMs: 100 }), (error) => hasErrorCode(error, 'locked'));
  await agent.close();
  const { how, exit, steps } = await machine.stop();
  assert.deepEqual([how, exit.cause, exit.reason], ['guest-agent', 'guest', 'guest-shutdown'], JSON.stringify(steps));
});

test('a guest without an agent is stopped by its power button', async (t) => {
  const machine = await bootedGuest(t, { guestAgent: false });
  const { how, exit } = await machine.stop();
  assert.deepEqual([how, exit.cause, exit.reason], ['acpi', 'guest', 'guest-shutdown']);
});
