import assert from 'node:assert/strict';
import { appendFile, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sleep } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import { collectLayers, createVm, deleteVm, flattenLayer, startVm, surveyLayers, verifyLayer } from '@goqemu/vm';
import { CheckpointLab, counter, inGuest, keyOf } from './checkpoint-lab.ts';

describe('a checkpoint of a running machine', () => {
  let lab: CheckpointLab;

  before(async () => {
    lab = await CheckpointLab.open();
    const machine = await lab.boot();
    await inGuest(
      machine,
      `mkdir /run/t && mount -t tmpfs t /run/t && echo kept > /run/t/file && echo disk > /root/file; (setsid nc -ll -p 7000 -e cat < /dev/null > /dev/null 2>&1 &); ${counter}`,
    );
    await lab.cut('base', machine);
    await machine.close();
  });
  after(() => lab[Symbol.asyncDispose]());

  const restored = async (key: string, work: (machine: Machine) => Promise<void>) => {
    const machine = await lab.restore(key);
    try {
      await work(machine);
    } finally {
      await machine.close();
    }
  };

  test('brings back files, a mounted tmpfs, a counting process and a listener', async () => {
    await restored('base', async (machine) => {
      const count = Number(await inGuest(machine, 'cat /dev/shm/count'));
      await inGuest(machine, 'rm /root/file; umount /run/t');
      await sleep(300);
      assert.ok(Number(await inGuest(machine, 'cat /dev/shm/count')) > count);
    });
    await restored('base', async (machine) => {
      assert.equal(await inGuest(machine, 'cat /root/file /run/t/file'), 'disk\nkept');
      assert.equal(await inGuest(machine, 'echo ping | nc 127.0.0.1 7000 -w 2'), 'ping');
    });
  });

  test('sets the clock of the guest', async () => {
    await restored('base', async (machine) => {
      const seconds = Number(await inGuest(machine, 'date +%s'));
      assert.ok(Math.abs(Date.now() / 1000 - seconds) < 5, `the guest is at ${seconds}`);
    });
  });

  test('is taken after a restore as before one, again and again, with all that was written since', async () => {
    let below = 'base';
    for (const [index, key] of ['first', 'second', 'third'].entries()) {
      await restored(below, async (machine) => {
        await inGuest(
          machine,
          `head -c 4000000 /dev/urandom > /run/t/${key}; sha256sum /run/t/${key} > /root/${key}.sum; echo ${index} > /root/turn`,
        );
        const { layer } = await lab.cut(key, machine, { parent: keyOf(below) });
        assert.ok(layer.manifest.ram);
        await inGuest(machine, `rm /run/t/${key} /root/${key}.sum`);
      });
      below = key;
    }
    await restored('third', async (machine) => {
      await inGuest(machine, 'for f in first second third; do sha256sum -c /root/$f.sum || exit 1; done');
      assert.equal(await inGuest(machine, 'cat /root/turn'), '2');
    });
  });

  test('is taken of a restored machine after its checkpoint is gone', async () => {
    await restored('base', async (machine) => {
      await lab.cut('orphan', machine);
      await machine.close();
      const again = await lab.restore('orphan');
      await lab.host.layers.dropRam(await lab.host.layers.get(keyOf('orphan')));
      await inGuest(again, 'echo later > /run/t/later');
      await lab.cut('after orphan', again);
      await again.close();
    });
    await restored('after orphan', async (machine) => {
      assert.equal(await inGuest(machine, 'cat /run/t/later'), 'later');
    });
  });

  test('is whole after many restores, each in the middle of a heavy write', async () => {
    await restored('base', async (machine) => {
      await inGuest(
        machine,
        'head -c 8000000 /dev/urandom > /root/blob; sha256sum /root/blob > /root/sum; cp /root/blob /run/t/',
      );
      await lab.cut('heavy', machine);
    });
    const turns = process.env.GOQEMU_SOAK ? 50 : 4;
    for (let turn = 0; turn < turns; turn++) {
      await restored('heavy', async (machine) => {
        await inGuest(machine, 'sha256sum -c /root/sum; cmp /root/blob /run/t/blob; ! dmesg | grep -i "ext4-fs error"');
        const writer = 'while :; do head -c 4000000 /dev/urandom > /root/blob; rm -f /run/t/blob; sync; done';
        await inGuest(machine, `(setsid sh -c '${writer}' < /dev/null > /dev/null 2>&1 &)`);
      });
    }
    const layer = await lab.host.layers.get(keyOf('heavy'));
    const { imgPath = '' } = await lab.host.installation('amd64');
    await verifyLayer(lab.host.layers, layer, { qemuImg: imgPath });
  });

  test('is reported with what stands on it, and what it costs', async () => {
    const { layers, folders } = lab.host;
    const rows = await surveyLayers({ store: layers, labsFolder: folders.labs, lineage: '0123456789ab' });
    const base = rows.get(keyOf('base'));
    assert.ok(base);
    assert.equal(base.parent, undefined);
    for (const name of ['first', 'heavy'])
      assert.ok(
        base.above.some(({ key }) => key === keyOf(name)),
        name,
      );
    assert.ok(rows.get(keyOf('heavy'))?.isPinned, 'the machine’s disk stands on it');
    assert.ok(base.bytes > 2 ** 24, 'its RAM is its own');
  });

  test('goes when nothing reaches it, and not before', async () => {
    const { layers, folders } = lab.host;
    const options = { store: layers, labsFolder: folders.labs, lineage: '0123456789ab', keep: [keyOf('base')] };
    const before = (await layers.list()).length;
    const would = await collectLayers({ ...options, dryRun: true });
    assert.equal((await layers.list()).length, before);
    const did = await collectLayers(options);
    assert.deepEqual(did, would);
    assert.ok(did.removed > 0 && did.bytes > 0);
    const left = (await layers.list()).map(({ manifest }) => manifest.key);
    assert.ok(left.includes(keyOf('base')) && left.includes(keyOf('heavy')), 'a disk stands on the second');
    await restored('base', async (machine) => {
      assert.equal(await inGuest(machine, 'cat /root/file'), 'disk');
    });
  });

  test('lets the guest reboot after a restore', async () => {
    await restored('base', async (machine) => {
      const boot = 'cat /proc/sys/kernel/random/boot_id';
      const id = await inGuest(machine, boot);
      await machine.reset();
      for (;;) {
        const now = await inGuest(machine, boot).catch(() => id);
        if (now !== id) break;
        await sleep(250);
      }
      assert.equal(await inGuest(machine, 'cat /root/file'), 'disk');
    });
  });

  test('holds a disk that boots alone, once: then it has the RAM of that boot', async () => {
    const { layers } = lab.host;
    const running = await (await lab.vm('web')).vm.machine();
    const { layer } = await lab.cut('disk', running, { ram: false });
    assert.equal(layer.manifest.ram, undefined);
    await inGuest(running, 'echo above > /root/above');
    await lab.cut('above disk', running, { parent: keyOf('disk') });
    await running.close();
    lab.notices.length = 0;
    await restored('disk', async (machine) => {
      assert.equal(await inGuest(machine, 'cat /root/file; ls /root/above 2>&1 | grep -c No'), 'disk\n1');
      await inGuest(machine, 'echo later > /root/file');
    });
    assert.match(lab.notices.join('\n'), /^ram-not-used: .*holds the disk only$/);
    lab.notices.length = 0;
    for (const turn of ['resumed', 'and again'])
      await restored('disk', async (machine) => {
        assert.equal(await inGuest(machine, 'cat /root/file'), 'disk', turn);
        await inGuest(machine, 'echo later > /root/file');
      });
    await restored('above disk', async (machine) => {
      assert.equal(
        await inGuest(machine, 'cat /root/above'),
        'above',
        'it stands on the disk that the layer had before',
      );
    });
    assert.deepEqual(lab.notices, []);
    const { imgPath = '' } = await lab.host.installation('amd64');
    for (const key of ['disk', 'above disk'])
      await verifyLayer(layers, await layers.get(keyOf(key)), { qemuImg: imgPath });
  });

  test('boots from its disk when its RAM is damaged or missing, and leaves the machine alone when the disk is', async () => {
    const cut = await lab.restore('base');
    const { layer } = await lab.cut('damaged', cut);
    await cut.close();
    const { ram, state } = lab.host.layers.ramFiles(layer);
    const disk = join(layer.folder, layer.manifest.disk.name);
    // Each is found before those above it.
    const damages: [RegExp, () => Promise<void>][] = [
      [/state-.* instead of/, () => appendFile(state, 'x')],
      [/state-.* is missing/, () => rm(state)],
      [/ram-.* was written to after/, () => overwrite(ram, 4096)],
    ];
    for (const [words, damage] of damages) {
      await damage();
      assert.match((await lab.host.layers.get(keyOf('damaged'))).lostRam ?? '', words);
    }
    lab.notices.length = 0;
    const machine = await lab.restore('damaged');
    assert.match(lab.notices.join('\n'), /ram-not-used: .*its RAM is damaged: .*ram-.* was written to after/);
    await overwrite(disk, 0);
    await assert.rejects(lab.restore('damaged'), (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'layer-damaged');
      assert.match(error.message, /no qcow2/);
      return true;
    });
    assert.equal(await inGuest(machine, 'echo alive'), 'alive');
    await machine.close();
  });

  test('is flattened while a machine runs on it, and the machine keeps running, also from its next checkpoint', async () => {
    await restored('base', async (machine) => {
      await inGuest(machine, 'head -c 3000000 /dev/urandom > /root/deep; sha256sum /root/deep > /root/deep.sum');
      await lab.cut('deep', machine);
      await inGuest(machine, 'cp /root/deep /root/deeper');
      const { layers } = lab.host;
      const { imgPath = '' } = await lab.host.installation('amd64');
      const done = await flattenLayer(layers, await layers.get(keyOf('deep')), { qemuImg: async () => imgPath });
      assert.equal(done?.depth, 1);
      await inGuest(
        machine,
        'sync; echo 3 > /proc/sys/vm/drop_caches; sha256sum -c /root/deep.sum; cmp /root/deep /root/deeper',
      );
      await lab.cut('above deep', machine);
    });
    for (const key of ['above deep', 'deep'])
      await restored(key, async (machine) => {
        await inGuest(machine, 'echo 3 > /proc/sys/vm/drop_caches; sha256sum -c /root/deep.sum');
      });
  });

  test('is gone on from by the machine that was deleted, as the one that it was', async () => {
    const { vm, session } = await lab.vm('web');
    const key = await vm.hostKey();
    await deleteVm(vm, {});
    await createVm(vm, { layer: keyOf('base') }, lab.call);
    const machine = await startVm(vm, session, lab.call);
    assert.deepEqual(await vm.hostKey(), key);
    assert.equal(await inGuest(machine, 'cat /root/file'), 'disk');
    assert.equal(
      (await session.exec(['cat', '/run/t/file'], { label: 'cat', timeoutMs: 60_000 })).stdout.trim(),
      'kept',
    );
    await machine.close();
  });

  test('is refused before anything is stopped when there is no room', async () => {
    const full = await lab.as({ room: { disk: async () => 2 ** 20, memory: async () => 2 ** 20 } });
    const machine = await lab.restore('base');
    await assert.rejects(full.cut('no room', machine), { code: 'no-room' });
    assert.equal(await machine.status(), 'running');
    assert.equal(await lab.host.layers.find(keyOf('no room')), undefined);
    assert.equal((await (await lab.vm('web')).vm.folder.disks()).length, 1);
    await lab.cut('room', machine);
    await machine.close();
  });
});

async function overwrite(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(4, 1), 0, 4, position);
  await file.close();
}
