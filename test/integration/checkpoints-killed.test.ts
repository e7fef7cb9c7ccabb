import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Machine } from '@goqemu/machine';
import { startVm } from '@goqemu/vm';
import { CheckpointLab, inGuest, keyOf, qemusOf } from './checkpoint-lab.ts';
import { verbs } from './checkpoint-verbs.ts';

const worker = fileURLToPath(new URL('checkpoint-work.ts', import.meta.url));

/** Lines of the debug log after which it is killed; the soak takes every one. */
const every = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const stages = process.env.GOQEMU_SOAK
  ? { cut: every(11), restore: every(9), suspend: every(5), resume: every(6) }
  : { cut: [4, 6, 7, 10, 11], restore: [2, 5, 6], suspend: [2, 3, 4], resume: [3, 4] };

describe('goqemu is killed', () => {
  let lab: CheckpointLab;

  before(async () => {
    lab = await CheckpointLab.open();
    const machine = await lab.boot();
    await inGuest(machine, 'echo base > /root/file; echo base > /dev/shm/file');
    await lab.cut('base', machine);
    await machine.close();
  });
  after(() => lab[Symbol.asyncDispose]());

  /** What a user does next: the machine is started, whatever state it was left in. */
  const started = async (work: (machine: Machine) => Promise<void>) => {
    const { vm, session } = await lab.vm('web');
    const machine = await startVm(vm, session, lab.call);
    try {
      await work(machine);
    } finally {
      await machine.close();
    }
  };

  test('at any stage of a cut, and the machine continues with all it has; the cut can be made again', async () => {
    for (const line of stages.cut) {
      const key = `cut ${line}`;
      await (await lab.restore('base')).close();
      await started((machine) => inGuest(machine, `echo ${line} > /root/file; echo ${line} > /dev/shm/file`).then());
      const said = await killed(lab, 'cut', key, line);
      await started(async (machine) => {
        assert.equal(await inGuest(machine, 'cat /root/file /dev/shm/file'), `${line}\n${line}`, said);
        await inGuest(machine, 'echo after > /root/after');
        await lab.cut(key, machine, { parent: keyOf('base') });
      });
      const machine = await lab.restore(key);
      const expected = /manifest/.test(said) ? '' : 'after';
      assert.equal(await inGuest(machine, 'cat /root/after 2> /dev/null || true'), expected, said);
      assert.equal(await inGuest(machine, 'cat /root/file /dev/shm/file'), `${line}\n${line}`, said);
      await machine.close();
    }
    await onlyWhole();
  });

  test('at any stage of a restore, and the machine is where it was or where it was to go', async () => {
    for (const line of stages.restore) {
      await started((machine) => inGuest(machine, 'echo old > /root/file; sync; echo old > /dev/shm/file').then());
      const said = await killed(lab, 'restore', 'base', line);
      await started(async (machine) => {
        const found = await inGuest(machine, 'cat /root/file /dev/shm/file');
        assert.ok(found === 'old\nold' || found === 'base\nbase', `${said}: ${found}`);
      });
      assert.equal(qemusOf(lab).length, 1, said);
      await (await lab.restore('base')).close();
      const { vm } = await lab.vm('web');
      assert.equal((await vm.folder.disks()).length, 1, said);
    }
  });

  test('at any stage of a suspension, and the machine has its RAM, or boots with all that it wrote', async () => {
    for (const line of stages.suspend) {
      await started((machine) => inGuest(machine, `echo ${line} > /root/file; echo ${line} > /dev/shm/file`).then());
      const said = await killed(lab, 'suspend', '', line);
      await started(async (machine) => {
        const found = await inGuest(machine, 'cat /root/file /dev/shm/file 2> /dev/null || true');
        assert.equal(found, /QEMU is gone/.test(said) ? `${line}` : `${line}\n${line}`, said);
      });
      await onlyOne(said);
    }
  });

  test('at any stage of a resume, and the machine continues from its RAM', async () => {
    for (const line of stages.resume) {
      await started((machine) => inGuest(machine, `echo ${line} > /dev/shm/file`).then());
      await verbs.suspend(lab);
      const said = await killed(lab, 'resume', '', line);
      await started(async (machine) => {
        assert.equal(await inGuest(machine, 'cat /dev/shm/file'), `${line}`, said);
        await inGuest(machine, 'echo later > /root/file; sync');
      });
      await onlyOne(said);
    }
  });

  /** One QEMU, one disk, and nothing of a suspension. */
  const onlyOne = async (said: string) => {
    const { vm } = await lab.vm('web');
    assert.equal(qemusOf(lab).length, 1, said);
    assert.equal((await vm.folder.disks()).length, 1, said);
    assert.deepEqual(
      (await readdir(vm.folder.path)).filter((name) => /suspended/.test(name)),
      [],
      said,
    );
  };

  test('at any stage of a delete, and what is listed is whole; the next collection finishes', async () => {
    // The machine stands on the first, which gives up its RAM; the second goes, its RAM in memory too.
    for (const line of [1, 2, 3, 4, 5]) {
      const machine = await lab.restore('base');
      await inGuest(machine, `echo ${line} > /root/file`);
      const gone = await lab.cut(`gone ${line}`, machine, { store: 'memory' });
      await machine.close();
      const again = await lab.restore('base');
      await inGuest(again, `echo ${line} > /root/file`);
      await lab.cut(`stood on ${line}`, again);
      const said = await killed(lab, 'delete', 'base', line);
      await onlyWhole();
      assert.equal(await inGuest(again, 'cat /root/file'), `${line}`, said);
      await again.close();
      await lab.collect(['base']);
      await onlyWhole();
      const ids = (await readdir(lab.host.layers.folder)).filter((name) => /^[0-9a-f]{12}$/.test(name));
      assert.equal(ids.length, 2, `${said}: ${ids}`);
      const inMemory: string[] = await readdir(lab.host.layers.memoryFolder).catch(() => []);
      assert.ok(!inMemory.includes(gone.layer.manifest.id), said);
      const files = await readdir(join(lab.host.layers.folder, keyOf(`stood on ${line}`).slice(0, 12)));
      assert.deepEqual(
        files.filter((name) => /^(ram|state)-/.test(name)),
        [],
        said,
      );
    }
    await (await lab.restore('base')).close();
  });

  /** Every layer that is listed can be restored. */
  const onlyWhole = async () => {
    for (const layer of await lab.host.layers.list()) await lab.host.layers.check(layer);
  };
});

describe('QEMU is killed', () => {
  test('during a cut, and the cut fails with the reason; the machine boots with what was on its disk', async () => {
    await using lab = await CheckpointLab.open();
    const machine = await lab.boot();
    await inGuest(machine, 'echo kept > /root/file; sync');
    const capture = machine.qmp.executeUntyped.bind(machine.qmp);
    machine.qmp.executeUntyped = (command, ...rest) => {
      if (command === 'migrate') process.kill(machine.record.pid, 'SIGKILL');
      return capture(command, ...rest);
    };
    await assert.rejects(lab.cut('lost', machine));
    await machine.close();
    assert.equal(await lab.host.layers.find(keyOf('lost')), undefined);
    const { vm, session } = await lab.vm('web');
    const again = await startVm(vm, session, lab.call);
    assert.equal(await inGuest(again, 'cat /root/file'), 'kept');
    await lab.cut('found', again);
    await again.close();
  });
});

async function killed(lab: CheckpointLab, work: string, key: string, line: number): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', worker, lab.folder, work, key, String(line)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, name) => resolve(name)));
  assert.equal(signal, 'SIGKILL', `stage ${line} of a ${work} was not reached`);
  return said;
}
