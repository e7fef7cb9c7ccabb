import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findNewerQemu } from '@goqemu/testing';
import { CheckpointLab, counter, inGuest } from './checkpoint-lab.ts';

test('checkpoints of a newer QEMU hold RAM too, and an older one takes their disk', async () => {
  const newer = await findNewerQemu();
  assert.ok(newer.found, newer.found ? '' : newer.reason);
  await using older = await CheckpointLab.open();
  await using lab = await older.as({ qemuPath: await wrapper(older.folder, newer) });
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

/**
 * Unpacked beside the installed one, it would load the other's modules and firmware: it is shown a folder with its own
 * modules, where those that only the other has are files that cannot be loaded.
 */
async function wrapper(folder: string, { root, program }: { root: string; program: string }): Promise<string> {
  const path = join(folder, 'qemu-system-x86_64');
  const modules = join(folder, 'modules');
  const place = 'usr/lib/x86_64-linux-gnu/qemu';
  await mkdir(modules);
  const own = await readdir(join(root, place));
  const others = await readdir(join('/', place)).catch(() => []);
  for (const name of own) await symlink(join(root, place, name), join(modules, name));
  for (const name of others) if (!own.includes(name)) await writeFile(join(modules, name), '');
  const firmware = ['qemu', 'seabios'].map((name) => `-L '${join(root, 'usr/share', name)}'`).join(' ');
  await writeFile(path, `#!/bin/sh\nQEMU_MODULE_DIR='${modules}' exec '${program}' ${firmware} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}
