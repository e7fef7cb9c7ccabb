import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { removeTwice } from '@goqemu/core';
import { execa } from 'execa';
import { backingChain } from './backing-chain.ts';
import { coalesceLayers } from './coalesce-layers.ts';
import { contentOf, layerChain, overlay, recut } from './fixture/layer-chain.ts';
import { flattenLayer } from './flatten-layer.ts';
import type { Layer } from './layer.ts';
import { diskOf } from './layer-disks.ts';
import type { LayerStore } from './layer-store.ts';
import { surveyLayers } from './survey-layers.ts';

const lineage = '0123456789ab';
const qemuImg = async () => 'qemu-img';
const keysOf = (layers: readonly Layer[]) => layers.map(({ manifest }) => manifest.key);

function optionsFor(store: LayerStore) {
  return { store, labsFolder: join(store.folder, '../labs'), lineage, qemuImg };
}

/** A chain, and the disk of the lab's machine that stands on its top. */
async function chainWithMachine(t: TestContext, length: number) {
  const { store, layers } = await layerChain(t, length);
  const machine = join(store.folder, `../labs/lab-${lineage}/web/disk-1.qcow2`);
  await overlay(machine, diskOf(layers.at(-1) as Layer));
  const contents = await Promise.all(layers.map((layer) => contentOf(diskOf(layer))));
  return { store, layers, machine, contents };
}

test('what stands on coalesced layers reads as before, and stands on the nearest that is left', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 5);
  const [first, , , fourth] = layers as [Layer, Layer, Layer, Layer];
  const gone = keysOf([layers[1], layers[2]] as Layer[]);
  const before = (await surveyLayers(optionsFor(store))).get(gone[1] ?? '');
  const done = await coalesceLayers({ ...optionsFor(store), keys: gone });
  assert.deepEqual([...done.keys].sort(), [...gone].sort());
  assert.ok(before?.above[0] && before.above[0].saves > 0, 'both write to one place, which is held once now');
  assert.ok(done.bytes > 0, `${done.bytes} bytes`);
  for (const key of gone) assert.equal(await store.find(key), undefined);
  const upper = await store.get(fourth.manifest.key);
  assert.equal(upper.manifest.parent, first.manifest.key);
  assert.deepEqual((await backingChain(diskOf(upper)))[0], diskOf(first));
  for (const index of [0, 3, 4]) {
    const layer = await store.get((layers[index] as Layer).manifest.key);
    await store.check(layer);
    assert.equal(await contentOf(diskOf(layer)), contents[index], `layer ${index}`);
  }
  assert.equal((await backingChain(machine)).length, 4);
  assert.equal(await contentOf(machine), contents.at(-1));
});

test('the survey tells what becoming a part of the layer above frees', async (t) => {
  const { store, layers } = await chainWithMachine(t, 3);
  const { key } = (layers[1] as Layer).manifest;
  const announced = (await surveyLayers(optionsFor(store))).get(key)?.above[0]?.saves ?? 0;
  const { bytes } = await coalesceLayers({ ...optionsFor(store), keys: [key] });
  // Tables of the format itself are not counted.
  assert.ok(Math.abs(announced - bytes) <= 2 * 65_536, `announced ${announced}, was ${bytes}`);
});

test('the lowest layer of a chain is coalesced onto the image', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 3);
  const { keys } = await coalesceLayers({ ...optionsFor(store), keys: keysOf(layers.slice(0, 2)) });
  assert.equal(keys.length, 2);
  assert.equal((await store.get((layers[2] as Layer).manifest.key)).manifest.parent, undefined);
  assert.equal((await backingChain(machine)).length, 2);
  assert.equal(await contentOf(machine), contents.at(-1));
});

test('a layer can take in one after the other, and what knows it by its first name reads the newest disk', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 4);
  for (const index of [2, 1, 0]) {
    const { key } = (layers[index] as Layer).manifest;
    assert.deepEqual((await coalesceLayers({ ...optionsFor(store), keys: [key] })).keys, [key]);
    assert.equal((await backingChain(machine)).length, index + 2);
    assert.equal(await contentOf(machine), contents.at(-1));
  }
});

test('several layers on one each take what it held', async (t) => {
  const { store, layers, contents } = await chainWithMachine(t, 3);
  const [, second, third] = layers as [Layer, Layer, Layer];
  const twin = { ...third.manifest, id: 'f'.repeat(12), key: 'f'.repeat(64) };
  await overlay(join(await store.prepare(twin.key), twin.disk.name), diskOf(second));
  await store.write(twin);
  await coalesceLayers({ ...optionsFor(store), keys: [second.manifest.key] });
  assert.equal(await store.find(second.manifest.key), undefined);
  assert.equal(await contentOf(diskOf(await store.get(third.manifest.key))), contents[2]);
  assert.equal(await contentOf(diskOf(await store.get(twin.key))), contents[1]);
});

test('what a machine or another lab stands on stays, and so does what another lab has', async (t) => {
  const { store, layers, machine } = await chainWithMachine(t, 5);
  const all = keysOf(layers);
  const other = join(store.folder, '../labs/other-ba9876543210/db/disk-1.qcow2');
  await overlay(other, diskOf(layers[2] as Layer));
  const { keys } = await coalesceLayers({ ...optionsFor(store), keys: all });
  assert.deepEqual(keys, [all[3]], 'only what lies between the other lab’s and the machine’s');
  assert.equal((await backingChain(machine)).length, 5);

  const shared = await layerChain(t, 4);
  await shared.store.adopt(shared.layers[1] as Layer, 'ba9876543210');
  const done = await coalesceLayers({ ...optionsFor(shared.store), keys: keysOf(shared.layers.slice(0, 3)) });
  assert.deepEqual(done.keys, [(shared.layers[2] as Layer).manifest.key]);
});

test('nothing below a folder that is no layer is touched while a disk stands on it', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 4);
  await removeTwice(join((layers[2] as Layer).folder, 'manifest.json'));
  const { keys } = await coalesceLayers({ ...optionsFor(store), keys: keysOf(layers) });
  assert.deepEqual(keys, []);
  assert.equal(await contentOf(machine), contents.at(-1));
});

test('layers below a flattened one are coalesced too, and it is left alone', async (t) => {
  const { store, layers, contents } = await chainWithMachine(t, 4);
  const top = layers[3] as Layer;
  await flattenLayer(store, top, { qemuImg });
  const { keys } = await coalesceLayers({ ...optionsFor(store), keys: keysOf([layers[1], layers[2]] as Layer[]) });
  assert.equal(keys.length, 2);
  assert.equal((await store.get(top.manifest.key)).manifest.disk.formerly?.length, 1);
  assert.equal(await contentOf(diskOf(await store.get(top.manifest.key))), contents[3]);
});

test('one who is killed at any stage leaves what reads as before, and the next one finishes', async (t) => {
  // Two layers are rewritten, in five stages each (their test is that of flattening), then two go.
  for (const stage of [4, 9, 11]) {
    const { store, layers, machine, contents } = await chainWithMachine(t, 5);
    const gone = keysOf([layers[1], layers[3]] as Layer[]);
    const work = fileURLToPath(new URL('fixture/killed-coalesce.ts', import.meta.url));
    const { signal } = await execa(
      process.execPath,
      ['--import', 'tsx', work, store.folder, lineage, String(stage), ...gone],
      { reject: false },
    );
    assert.equal(signal, 'SIGKILL', `stage ${stage} was not reached`);
    const check = async (present: readonly Layer[]) => {
      for (const layer of present) {
        await store.check(layer);
        const index = layers.findIndex(({ manifest }) => manifest.key === layer.manifest.key);
        assert.equal(await contentOf(diskOf(layer)), contents[index], `layer ${index} after stage ${stage}`);
      }
      assert.equal(await contentOf(machine), contents.at(-1), `after stage ${stage}`);
    };
    await check(await store.list());
    await coalesceLayers({ ...optionsFor(store), keys: gone });
    const left = await store.list();
    assert.equal(left.length, 3, `after stage ${stage}`);
    await check(left);
    for (const { folder } of left)
      assert.deepEqual(
        (await readdir(folder)).filter((name) => name.startsWith('rebasing')),
        [],
      );
  }
});

test('a disk that a process has open is not written to', async (t) => {
  const { store, layers, contents } = await chainWithMachine(t, 4);
  const top = layers[3] as Layer;
  const reader = execa('qemu-io', ['-r', '-f', 'qcow2', diskOf(top)], { stdin: 'pipe', reject: false });
  reader.stdin.write('read -P 5 4M 64k\n');
  await once(reader.stdout, 'data');
  await coalesceLayers({ ...optionsFor(store), keys: keysOf([layers[1], layers[2]] as Layer[]) });
  reader.stdin.end('read -P 4 384k 64k\nread -P 3 256k 64k\nread -P 2 128k 64k\n');
  const { stdout } = await reader;
  assert.doesNotMatch(stdout, /failed|error/i);
  assert.equal(await contentOf(diskOf(await store.get(top.manifest.key))), contents[3]);
});

test('what qemu-img cannot do is reported, and no layer is gone', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 3);
  const failing = { ...optionsFor(store), keys: keysOf(layers.slice(0, 2)), qemuImg: async () => '/bin/false' };
  await assert.rejects(coalesceLayers(failing), { code: 'coalesce-failed' });
  assert.deepEqual(await store.list(), layers);
  assert.equal(await contentOf(machine), contents.at(-1));
});

test('a layer that was cut again stands on those below its former disk, which the machine may stand on', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 3);
  const [first, , third] = layers as [Layer, Layer, Layer];
  const again = await recut(store, layers[1] as Layer, 9);
  const { key } = again.manifest;
  const content = await contentOf(diskOf(again));
  const row = (await surveyLayers(optionsFor(store))).get(key);
  assert.equal(row?.parent, first.manifest.key);
  assert.equal(row?.below, diskOf(first));
  assert.deepEqual(
    row?.above.map((upper) => upper.key),
    [third.manifest.key],
  );
  // The third stands on the former disk, and that on the first layer: to rebase the second would not free the third of it.
  assert.deepEqual((await coalesceLayers({ ...optionsFor(store), keys: [first.manifest.key] })).keys, []);
  assert.equal(await contentOf(machine), contents.at(-1));
  assert.equal(await contentOf(diskOf(await store.get(key))), content);
  // Without it, both what stands on the former disk and what stands on the new one read as before.
  const upper = join(await store.prepare('f'.repeat(64)), third.manifest.disk.name);
  await overlay(upper, diskOf(await store.get(key)));
  await store.write({ ...third.manifest, id: 'f'.repeat(12), key: 'f'.repeat(64) });
  assert.deepEqual((await coalesceLayers({ ...optionsFor(store), keys: [key] })).keys, [key]);
  assert.equal(await contentOf(machine), contents.at(-1));
  assert.equal(await contentOf(diskOf(await store.get('f'.repeat(64)))), content);
  assert.deepEqual((await coalesceLayers({ ...optionsFor(store), keys: [first.manifest.key] })).keys, [
    first.manifest.key,
  ]);
  assert.equal(await contentOf(machine), contents.at(-1));
  assert.equal(await contentOf(diskOf(await store.get('f'.repeat(64)))), content);
});

test('what a machine’s disk needs below the former disk of a layer stays, and goes with the machine', async (t) => {
  const { store, layers, machine, contents } = await chainWithMachine(t, 2);
  const [first, second] = layers as [Layer, Layer];
  const again = await recut(store, second, 9);
  const content = await contentOf(diskOf(again));
  const options = { ...optionsFor(store), keys: [first.manifest.key] };
  assert.deepEqual((await coalesceLayers(options)).keys, []);
  assert.equal(await contentOf(machine), contents.at(-1));
  await rm(machine);
  assert.deepEqual((await coalesceLayers(options)).keys, [first.manifest.key]);
  assert.equal(await contentOf(diskOf(await store.get(again.manifest.key))), content);
});
