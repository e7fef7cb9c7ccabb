import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { isQmpCommandError } from '@goqemu/protocol';
import { execa } from 'execa';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';

async function createDisk(path: string): Promise<string> {
  await execa((await testQemu()).imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', path, '64M']);
  return path;
}

test('disks and CD drives are listed by their ids, with what is in them', async (t) => {
  const folder = await temporaryFolder(t);
  const disk = await createDisk(join(folder, 'disk.qcow2'));
  const machine = await testMachine(t, {
    drives: [{ source: disk }, { id: 'data', source: await createDisk(join(folder, 'b.qcow2')), interface: 'scsi' }],
    cdroms: [{}],
  });
  const [first, second, cd] = await machine.blocks.list();
  assert.deepEqual(first, {
    id: 'disk0',
    removable: false,
    trayOpen: false,
    ioStatus: 'ok',
    medium: { node: 'disk0', file: disk, format: 'qcow2', readOnly: false, size: 64 * 2 ** 20, backingDepth: 0 },
  });
  assert.equal(second?.id, 'data');
  assert.deepEqual([cd?.id, cd?.removable, cd?.medium], ['cd0', true, undefined]);
});

test('an overlay taken while the machine runs is the new top of its disk', async (t) => {
  const folder = await temporaryFolder(t);
  const machine = await testMachine(t, { drives: [{ source: await createDisk(join(folder, 'disk.qcow2')) }] });
  const overlay = join(folder, 'overlay.qcow2');
  await machine.qmp.execute('blockdev-snapshot-sync', {
    'node-name': 'disk0',
    'snapshot-file': overlay,
    'snapshot-node-name': 'overlay1',
  });
  const medium = (await machine.blocks.list())[0]?.medium;
  assert.deepEqual([medium?.node, medium?.file, medium?.backingDepth], ['overlay1', overlay, 1]);
});

test('a limit is set and lifted while the machine runs, and groups share one from the start', async (t) => {
  const folder = await temporaryFolder(t);
  const machine = await testMachine(t, {
    throttleGroups: [{ id: 'slow', limits: { iopsTotal: 50 } }],
    drives: [
      { source: await createDisk(join(folder, 'a.qcow2')) },
      { source: await createDisk(join(folder, 'b.qcow2')), throttleGroup: 'slow' },
    ],
  });
  await machine.blocks.throttle('disk0', { iopsTotal: 100, bytesRead: 1_000_000 });
  const inserted = async () => (await machine.qmp.execute('query-block'))[0]?.inserted;
  assert.deepEqual([(await inserted())?.iops, (await inserted())?.bps_rd], [100, 1_000_000]);
  await machine.blocks.throttle('disk0', {});
  assert.equal((await inserted())?.iops, 0);
  const group = await machine.qmp.execute('qom-get', { path: '/objects/slow', property: 'limits' });
  assert.equal((group as { 'iops-total': number })['iops-total'], 50);
});

test('a disc is changed and taken out', async (t) => {
  const folder = await temporaryFolder(t);
  const first = join(folder, 'a,1.iso');
  const second = join(folder, 'b.iso');
  for (const path of [first, second]) await writeFile(path, Buffer.alloc(65_536));
  const machine = await testMachine(t, { cdroms: [{ path: first }] });
  const file = async () => (await machine.blocks.list())[0]?.medium?.file;
  assert.equal(await file(), first);
  await machine.blocks.changeMedium('cd0', second);
  assert.equal(await file(), second);
  await machine.blocks.eject('cd0');
  assert.equal(await file(), undefined);
});

test('a SCSI disk is plugged in and pulled out of the running machine, and its files are closed', async (t) => {
  const folder = await temporaryFolder(t);
  const machine = await testMachine(t, {
    drives: [{ source: await createDisk(join(folder, 'a.qcow2')), interface: 'scsi' }],
  });
  const path = await createDisk(join(folder, 'b.qcow2'));
  await machine.blocks.plug({ id: 'more', source: path, interface: 'scsi' });
  assert.equal((await machine.blocks.list())[1]?.medium?.file, path);
  await machine.blocks.unplug('more');
  const nodes = await machine.qmp.execute('query-named-block-nodes', { flat: true });
  assert.deepEqual(nodes.map((node) => node['node-name']).sort(), ['disk0', 'disk0-file']);
});

test('a virtio disk and a network card take the ports that were left for them, until there are none', async (t) => {
  const folder = await temporaryFolder(t);
  const machine = await testMachine(t, { hotplugPorts: 2, startPaused: true });
  await machine.blocks.plug({ id: 'more', source: await createDisk(join(folder, 'a.qcow2')) });
  await machine.networks.plug({ id: 'lan', kind: 'user' });
  const path = await createDisk(join(folder, 'b.qcow2'));
  await assert.rejects(machine.blocks.plug({ id: 'none', source: path }), (error) =>
    hasErrorCode(error, 'hotplug-port-missing'),
  );
  const nodes = await machine.qmp.execute('query-named-block-nodes', { flat: true });
  assert.ok(!nodes.some((node) => node['node-name'] === 'none'), 'what was refused left nothing');
  await assert.rejects(machine.networks.unplug('lan', { timeoutMs: 100 }), (error) =>
    hasErrorCode(error, 'unplug-refused'),
  );
});

test('a file that is not there is refused, and leaves nothing', async (t) => {
  const machine = await testMachine(t, { hotplugPorts: 1 });
  await assert.rejects(machine.blocks.plug({ id: 'x', source: '/nowhere' }), (error) => isQmpCommandError(error));
  assert.deepEqual(await machine.blocks.list(), []);
});

test('the memory is dumped to a file, and a balloon tells and takes its size', async (t) => {
  const path = join(await temporaryFolder(t), 'dump,1');
  const machine = await testMachine(t, { balloon: true });
  assert.equal(await machine.memory.size(), 64 * 2 ** 20);
  await machine.memory.resize(32 * 2 ** 20);
  await machine.memory.dump(path);
  assert.ok((await stat(path)).size > 32 * 2 ** 20);
});

test('the human monitor answers in its own words', async (t) => {
  const machine = await testMachine(t);
  assert.match(await machine.humanMonitor('info version'), /^\d+\.\d+/);
});
