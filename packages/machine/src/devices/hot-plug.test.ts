import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode, sleep } from '@goqemu/core';
import { isQmpCommandError } from '@goqemu/protocol';
import { execa } from 'execa';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import type { Machine } from '../machine/machine.ts';

async function createDisk(path: string): Promise<string> {
  await execa((await testQemu()).imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']);
  return path;
}

/** What QEMU holds beyond what it was started with. */
async function leftIn({ qmp }: Machine): Promise<string[]> {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true });
  const netdevs = await qmp.humanMonitor('info network');
  return [...nodes.map((node) => String(node['node-name'])), ...(netdevs.includes('-host:') ? ['a netdev'] : [])];
}

/** Sends a signal as soon as QEMU has been asked for the n-th of the parts. */
function abortAt(machine: Machine, part: number): AbortController {
  const controller = new AbortController();
  const { qmp } = machine;
  const execute = qmp.executeUntyped.bind(qmp);
  let parts = 0;
  qmp.executeUntyped = (...call) => {
    const reply = execute(...call);
    parts += 1;
    if (parts === part) controller.abort(new Error('enough'));
    return reply;
  };
  controller.signal.addEventListener('abort', () => {
    qmp.executeUntyped = execute;
  });
  return controller;
}

test('a plug that is given up at any of its parts leaves nothing, and works again under the same id', async (t) => {
  const source = await createDisk(join(await temporaryFolder(t), 'disk'));
  const machine = await testMachine(t, { usb: {}, machineType: 'pc' });
  for (const part of [1, 2]) {
    const { signal } = abortAt(machine, part);
    await assert.rejects(machine.blocks.plug({ id: 'hot', source }, { signal }), /enough/);
    assert.deepEqual(await leftIn(machine), [], `given up at part ${part}`);
  }
  const { signal } = abortAt(machine, 1);
  await assert.rejects(machine.networks.plug({ id: 'lan', kind: 'user' }, { signal }), /enough/);
  assert.deepEqual(await leftIn(machine), []);
  await machine.blocks.plug({ id: 'hot', source, interface: 'usb' });
  await machine.blocks.unplug('hot');
  assert.deepEqual(await leftIn(machine), []);
});

test('a plug whose time ran out while QEMU stood still leaves nothing when QEMU carries it out later', async (t) => {
  const source = await createDisk(join(await temporaryFolder(t), 'disk'));
  const machine = await testMachine(t, { machineType: 'pc' });
  process.kill(machine.record.pid, 'SIGSTOP');
  const plugging = machine.blocks.plug({ id: 'hot', source }, { timeoutMs: 50 });
  setTimeout(() => process.kill(machine.record.pid, 'SIGCONT'), 200);
  await assert.rejects(plugging, (error) => hasErrorCode(error, 'timeout'));
  assert.deepEqual(await leftIn(machine), []);
  await machine.blocks.plug({ id: 'hot', source });
});

test('what a guest lets go of after its time is removed then, and can be plugged in and pulled out again', async (t) => {
  const source = await createDisk(join(await temporaryFolder(t), 'disk'));
  const machine = await testMachine(t, { machineType: 'pc' });
  await machine.blocks.plug({ id: 'hot', source });
  await machine.networks.plug({ id: 'lan', kind: 'user' });
  const refused = (error: unknown) => hasErrorCode(error, 'unplug-refused');
  await assert.rejects(machine.blocks.unplug('hot', { timeoutMs: 30 }), refused);
  await assert.rejects(machine.blocks.unplug('hot', { timeoutMs: 30 }), refused);
  await assert.rejects(machine.networks.unplug('lan', { timeoutMs: 30 }), refused);
  await machine.reset(); // takes what was asked for
  while ((await leftIn(machine)).length > 0) await sleep(20);
  await machine.blocks.unplug('hot');
  await machine.networks.unplug('lan');
  await assert.rejects(machine.blocks.unplug('hot'), (error) => isQmpCommandError(error, 'DeviceNotFound'));
  await machine.blocks.plug({ id: 'hot', source });
  await machine.networks.plug({ id: 'lan', kind: 'user' });
});

test('the files of a disk that was let go of unnoticed are closed by the next unplug', async (t) => {
  const filename = await createDisk(join(await temporaryFolder(t), 'disk'));
  const machine = await testMachine(t);
  await machine.qmp.execute('blockdev-add', { driver: 'file', 'node-name': 'hot-file', filename });
  await machine.qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'hot', file: 'hot-file' });
  await machine.blocks.unplug('hot');
  assert.deepEqual(await leftIn(machine), []);
});
