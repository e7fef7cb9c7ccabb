import assert from 'node:assert/strict';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Machine } from '@goqemu/machine';
import { createVm, deleteVm, startVm, verifyLayer } from '@goqemu/vm';
import { newerQemu } from '../e2e/newer-qemu.ts';
import { CheckpointLab, inGuest, keyOf } from './checkpoint-lab.ts';
import { uefiQemu } from './uefi-qemu.ts';

/** Of Linux's own vendor for crash reports, whose variables are not made immutable (fs/efivarfs, variable_matches). */
const variable = '/sys/firmware/efi/efivars/GoqemuTest-cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0';
const mount =
  'grep -q efivarfs /proc/mounts || { insmod $(cat /lib/uefi-modules); mount -t efivarfs efivarfs /sys/firmware/efi/efivars; }';

/** Attributes (non-volatile, boot and runtime access), and one character. */
const write = (machine: Machine, letter: string) =>
  inGuest(machine, `${mount}; printf '\\007\\000\\000\\000${letter}' > ${variable}`);
const read = (machine: Machine) => inGuest(machine, `${mount}; tail -c 1 ${variable}`);

async function goesBack(lab: CheckpointLab, form: 'devices' | 'stream' | 'mapped-ram'): Promise<void> {
  const machine = await lab.boot();
  await write(machine, 'a');
  await inGuest(machine, 'echo disk > /root/file; echo ram > /dev/shm/file');
  const { layer } = await lab.cut('first', machine);
  assert.ok(layer.manifest.variables && layer.manifest.ram);
  assert.equal(lab.host.layers.ramFiles(layer).form, form);
  const { imgPath = '' } = await lab.host.installation('amd64');
  await verifyLayer(lab.host.layers, layer, { qemuImg: imgPath });
  await write(machine, 'b');
  await lab.cut('second', machine, { ram: false });
  await write(machine, 'c');
  await machine.close();

  for (const turn of ['once', 'again']) {
    const back = await lab.restore('first');
    assert.equal(await read(back), 'a', turn);
    assert.equal(await inGuest(back, 'cat /root/file /dev/shm/file'), 'disk\nram');
    await write(back, 'd');
    await lab.cut(`after ${turn}`, back);
    await write(back, 'e');
    await back.close();
  }
  const later = await lab.restore('after again');
  assert.equal(await read(later), 'd');
  await later.close();
  assert.deepEqual(lab.notices, []);

  const { vm, session } = await lab.vm('web');
  const booted = await lab.restore('second');
  assert.match(lab.notices.join('\n'), /ram-not-used: .*holds the disk only/);
  assert.equal(await read(booted), 'b');
  await booted.close();

  await deleteVm(vm, {});
  await createVm(vm, { layer: keyOf('first') }, lab.call);
  const made = await startVm(vm, session, lab.call);
  assert.equal(await read(made), 'a');
  assert.equal(await inGuest(made, 'cat /dev/shm/file'), 'ram');

  const file = join(layer.folder, layer.manifest.variables.name);
  await appendFile(file, 'x');
  await assert.rejects(lab.restore('first'), { code: 'layer-damaged' });
  await rm(file);
  await assert.rejects(lab.restore('first'), { code: 'layer-damaged' });
  assert.equal(await inGuest(made, 'echo alive'), 'alive');
  await made.close();
}

test('UEFI variables go back with the RAM, and with the disk alone', async () => {
  await using bios = await CheckpointLab.open();
  await using lab = await bios.as({ firmware: 'uefi', qemuPath: await uefiQemu(bios.folder) });
  await goesBack(lab, 'devices');
});

test('so they do with a newer QEMU', async () => {
  await using bios = await CheckpointLab.open();
  const qemuPath = await uefiQemu(bios.folder, await newerQemu(bios.folder));
  await using lab = await bios.as({ firmware: 'uefi', qemuPath });
  await goesBack(lab, 'devices');
});

if (process.env.GOQEMU_SOAK)
  test('so they do where QEMU writes the RAM', async () => {
    await using bios = await CheckpointLab.open();
    const qemu = await uefiQemu(bios.folder);
    await using lab = await bios.as({ firmware: 'uefi', system: 'darwin', qemuPath: qemu });
    await goesBack(lab, 'stream');
  });
