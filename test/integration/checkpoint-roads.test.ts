import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { verifyLayer } from '@goqemu/vm';
import { newerQemu } from '../e2e/newer-qemu.ts';
import { CheckpointLab, inGuest, keyOf } from './checkpoint-lab.ts';

const noRamFile = { objects: ['memory-backend-memfd', 'memory-backend-file'] };

/** Two checkpoints, the second after a restore, and back to each. */
async function comesBack(lab: CheckpointLab, form: 'stream' | 'mapped-ram'): Promise<void> {
  const machine = await lab.boot();
  await inGuest(machine, 'echo disk > /root/file; head -c 8000000 /dev/urandom > /dev/shm/blob; sync');
  const sum = await inGuest(machine, 'md5sum < /dev/shm/blob');
  const { layer } = await lab.cut('first', machine);
  assert.equal(layer.manifest.ram?.form, form);
  assert.equal(layer.manifest.state, undefined);
  assert.ok((await stat(lab.host.layers.ramFiles(layer).ram)).blocks * 512 < 2 ** 28, 'empty memory takes no room');
  await inGuest(machine, 'rm /root/file /dev/shm/blob; sync');
  await machine.close();

  const again = await lab.restore('first');
  assert.equal(await inGuest(again, 'cat /root/file; md5sum < /dev/shm/blob'), `disk\n${sum}`);
  await inGuest(again, 'echo second > /root/file; echo second > /dev/shm/second');
  await lab.cut('second', again);
  await inGuest(again, 'rm /dev/shm/second');
  await again.close();

  for (const [key, there] of [
    ['second', 'second\nsecond'],
    ['first', 'disk'],
  ] as const) {
    const back = await lab.restore(key);
    assert.equal(await inGuest(back, 'cat /root/file; cat /dev/shm/second 2> /dev/null || true'), there);
    assert.equal(await inGuest(back, 'md5sum < /dev/shm/blob'), sum);
    await back.close();
  }
  const { imgPath = '' } = await lab.host.installation('amd64');
  await verifyLayer(lab.host.layers, await lab.host.layers.get(keyOf('first')), { qemuImg: imgPath });
  assert.deepEqual(lab.notices, []);
}

test('a build of QEMU without RAM in files streams it', async () => {
  await using lab = await CheckpointLab.open({ without: noRamFile });
  await comesBack(lab, 'stream');
});

test('a newer QEMU on a host as macOS writes RAM to a file of its own', async () => {
  await using plain = await CheckpointLab.open();
  await using lab = await plain.as({ system: 'darwin', qemuPath: await newerQemu(plain.folder) });
  await comesBack(lab, 'mapped-ram');
});

if (process.env.GOQEMU_SOAK) {
  test('a host as macOS streams RAM', async () => {
    await using lab = await CheckpointLab.open({ system: 'darwin' });
    await comesBack(lab, 'stream');
  });

  test('a newer QEMU without RAM in files writes it to a file of its own, within its sandbox', async () => {
    await using plain = await CheckpointLab.open();
    await using lab = await plain.as({ without: noRamFile, qemuPath: await newerQemu(plain.folder) });
    await comesBack(lab, 'mapped-ram');
  });
}
