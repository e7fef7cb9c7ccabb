/** RAM that is copied while its guest runs, and brought up to date in the pause: on a real QEMU and its real memory. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { captureRam, findGuestRam, type Machine, stateChannel } from '@goqemu/machine';
import { CheckpointLab, inGuest } from './checkpoint-lab.ts';

const memory = 2 ** 28;

describe('the RAM of a machine that has booted', () => {
  let lab: CheckpointLab;
  let machine: Machine;

  before(async () => {
    lab = await CheckpointLab.open({ memory });
    machine = await lab.boot();
  });
  after(() => lab[Symbol.asyncDispose]());

  test('is what it was in the pause, whatever the guest has written and given back since the copy began', async () => {
    const files = { ram: join(lab.folder, 'ram'), state: join(lab.folder, 'state') };
    const { pid } = machine.record;
    const channel = stateChannel(machine.record);
    const capture = await captureRam({ pid, monitor: machine.qmp, memory, channel, ...files });
    assert.ok(capture);
    await inGuest(machine, 'mkdir /run/t && mount -t tmpfs t /run/t && head -c 8000000 /dev/urandom > /run/t/before');
    await capture.prepare();
    const { blocks } = await stat(files.ram);
    assert.ok(blocks * 512 > 8_000_000, 'most of it is copied before the pause');
    await inGuest(machine, 'rm /run/t/before; head -c 12000000 /dev/urandom > /run/t/after');
    await machine.pause();
    await capture.take();
    const ram = await findGuestRam(pid, memory);
    assert.equal(ram?.kind, 'shared');
    assert.ok((await readFile(ram.path)).equals(await readFile(files.ram)), 'the copy differs from the memory');
    await machine.resume();
    assert.equal(await inGuest(machine, 'wc -c < /run/t/after'), '12000000');
    await capture.finish();
  });
});
