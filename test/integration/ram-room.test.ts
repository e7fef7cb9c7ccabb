import assert from 'node:assert/strict';
import { readlink } from 'node:fs/promises';
import { test } from 'node:test';
import { findGuestRam, type Machine } from '@goqemu/machine';
import { newerQemu } from '../e2e/newer-qemu.ts';
import { CheckpointLab, inGuest } from './checkpoint-lab.ts';

async function placeOfRam({ record }: Machine, memory: number): Promise<string> {
  const ram = await findGuestRam(record.pid, memory);
  return ram ? readlink(ram.path) : 'not found';
}

test('two machines that start at once in a memory with room for one both run, in rooms of their own', async () => {
  const memory = 2 ** 28;
  await using plain = await CheckpointLab.open({ memory });
  const disk = async (folder: string) => (folder === '/dev/shm' ? 1.5 * memory : 2 ** 34);
  await using lab = await plain.as({ qemuPath: await newerQemu(plain.folder), room: { disk } });
  const machines = await Promise.all(['web', 'db'].map((name) => lab.boot(name)));
  const places = await Promise.all(machines.map((machine) => placeOfRam(machine, memory)));
  assert.match(places.find((path) => path.startsWith('/dev/shm/')) ?? '', /deleted/);
  assert.match(places.find((path) => path.startsWith(lab.folder)) ?? '', /deleted/);
  for (const machine of machines) {
    await inGuest(machine, 'head -c 20000000 /dev/zero | tr "\\0" x > /dev/shm/much');
    await machine.close();
  }
  const [web] = machines;
  assert.ok(web);
  const { vm } = await lab.vm('web');
  const { layer } = await lab.cut('of it', await vm.machine());
  assert.ok(layer.manifest.ram && layer.manifest.state, 'RAM is reached from outside wherever it lies');
});
