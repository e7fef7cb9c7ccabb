import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newerQemu } from '../e2e/newer-qemu.ts';
import { CheckpointLab, counter, inGuest } from './checkpoint-lab.ts';

test('checkpoints of a newer QEMU hold RAM too, and an older one takes their disk', async () => {
  await using older = await CheckpointLab.open();
  await using lab = await older.as({ qemuPath: await newerQemu(older.folder) });
  const machine = await lab.boot();
  await inGuest(machine, `echo disk > /root/file; echo ram > /dev/shm/file; ${counter}`);
  const { layer } = await lab.cut('first', machine);
  assert.ok(layer.manifest.ram && layer.manifest.state);
  assert.ok(layer.manifest.state.size < 2 ** 22, 'RAM is in its own file, not in the state');
  await machine.close();

  const again = await lab.restore('first');
  assert.equal(await inGuest(again, 'cat /root/file /dev/shm/file'), 'disk\nram');
  await inGuest(again, 'echo second > /dev/shm/file');
  await lab.cut('second', again);
  await again.close();

  const third = await lab.restore('second');
  assert.equal(await inGuest(third, 'cat /root/file /dev/shm/file'), 'disk\nsecond');
  await third.close();
  assert.deepEqual(lab.notices, []);

  const fallen = await older.restore('second');
  assert.equal(await inGuest(fallen, 'cat /root/file; ls /dev/shm'), 'disk');
  assert.match(older.notices.join('\n'), /ram-not-used: .* boots from the checkpoint's disk .*: .*(qemu|version)/i);
  await fallen.close();
});
