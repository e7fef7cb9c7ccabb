import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HeldFiles } from '@goqemu/core/held-files';
import { execa } from 'execa';
import { backingChain } from './backing-chain.ts';
import { contentOf, layerChain, overlay } from './fixture/layer-chain.ts';
import { deepChain, flattenLayer, flattenWhenDeep } from './flatten-layer.ts';
import type { Layer } from './layer.ts';
import { surveyLayers } from './survey-layers.ts';

const options = { qemuImg: async () => 'qemu-img' };
const diskOf = ({ folder, manifest }: Layer) => join(folder, manifest.disk.name);

/** A chain, and the disk of a machine that stands on its top. */
async function chainWithMachine(t: TestContext, length: number) {
  const { store, layers } = await layerChain(t, length);
  const top = layers.at(-1) as Layer;
  const machine = join(store.folder, '../labs/lab/web/disk-1.qcow2');
  await overlay(machine, diskOf(top));
  return { store, layers, top, machine, content: await contentOf(diskOf(top)) };
}

test('a flattened layer reads as before, and so does what stands on it, without the layers below', async (t) => {
  const { store, layers, top, machine, content } = await chainWithMachine(t, 4);
  const done = await flattenLayer(store, top, options);
  assert.ok(done, 'nothing was done');
  assert.equal(done.depth, 3);
  assert.ok(done.bytes.after > done.bytes.before, JSON.stringify(done.bytes));
  const flat = await store.get(top.manifest.key);
  assert.deepEqual(flat, done.layer);
  await store.check(flat);
  for (const layer of layers.slice(0, -1)) await store.remove(layer.manifest.key);
  assert.equal(await contentOf(diskOf(flat)), content);
  assert.equal(await contentOf(machine), content);
  assert.equal((await backingChain(machine)).length, 2);
  assert.equal(await flattenLayer(store, flat, options), undefined);
});

test('only what stands on many layers is flattened without being asked', async (t) => {
  const { store, layers } = await layerChain(t, deepChain + 2);
  const [deep, deeper] = layers.slice(-2) as [Layer, Layer];
  assert.equal(await flattenWhenDeep(store, deep, options), undefined);
  assert.equal((await flattenWhenDeep(store, deeper, options))?.depth, deepChain + 1);
});

test('one who is killed at any stage leaves what reads as before, and the next one finishes', async (t) => {
  for (const stage of [1, 2, 3, 4, 5]) {
    const { store, top, machine, content } = await chainWithMachine(t, 3);
    const work = fileURLToPath(new URL('fixture/killed-flatten.ts', import.meta.url));
    const { signal } = await execa(
      process.execPath,
      ['--import', 'tsx', work, store.folder, top.manifest.key, String(stage)],
      { reject: false },
    );
    assert.equal(signal, 'SIGKILL', `stage ${stage} was not reached`);
    const left = await store.get(top.manifest.key);
    await store.check(left);
    assert.equal(await contentOf(diskOf(left)), content, `after stage ${stage}`);
    assert.equal(await contentOf(machine), content, `after stage ${stage}`);
    await flattenLayer(store, left, options);
    const flat = await store.get(top.manifest.key);
    assert.equal((await backingChain(machine)).length, 2, `after stage ${stage}`);
    assert.equal(await contentOf(machine), content, `after stage ${stage}`);
    assert.deepEqual(
      (await readdir(flat.folder)).filter((name) => name.startsWith('rebasing')),
      [],
    );
  }
});

test('a disk that a process has open is not written to', async (t) => {
  const { store, top, content } = await chainWithMachine(t, 3);
  const reader = execa('qemu-io', ['-r', '-f', 'qcow2', diskOf(top)], { stdin: 'pipe', reject: false });
  reader.stdin.write('read -P 4 4M 64k\n');
  await once(reader.stdout, 'data');
  await flattenLayer(store, top, options);
  reader.stdin.end('read -P 3 256k 64k\nread -P 2 128k 64k\n');
  const { stdout } = await reader;
  assert.doesNotMatch(stdout, /failed|error/i);
  assert.equal(await contentOf(diskOf(await store.get(top.manifest.key))), content);
});

test('what qemu-img cannot do is reported, and nothing is changed', async (t) => {
  const { store, top, content } = await chainWithMachine(t, 2);
  await assert.rejects(flattenLayer(store, top, { qemuImg: async () => '/bin/false' }), { code: 'flatten-failed' });
  assert.deepEqual(await store.get(top.manifest.key), top);
  assert.deepEqual(
    (await readdir(top.folder)).sort(),
    [top.manifest.disk.name, 'manifest.json', 'manifest.json.copy'].sort(),
  );
  assert.equal(await contentOf(diskOf(top)), content);
});

test('a disk that a running QEMU has open is flattened beside it on Windows, and its name follows when it is closed', async (t) => {
  const { store, layers, top, machine, content } = await chainWithMachine(t, 3);
  const files = new HeldFiles();
  const old = diskOf(top);
  files.hold(old);
  const done = await flattenLayer(store, top, { ...options, files });
  assert.ok(done, 'nothing was done');
  assert.equal((await backingChain(machine)).length, 4, 'what the QEMU has open was replaced');
  assert.equal(await contentOf(diskOf(done.layer)), content);
  assert.deepEqual(
    (await readdir(top.folder)).filter((name) => name.startsWith('rebasing')),
    [],
  );
  // Nothing that the old file stands on may go while it is there.
  const below = layers.at(-2) as Layer;
  const labsFolder = join(store.folder, '../labs');
  const survey = () => surveyLayers({ store, labsFolder, lineage: '0123456789ab' });
  assert.equal((await survey()).get(below.manifest.key)?.isPinned, true);
  files.release(old);
  assert.equal(await flattenLayer(store, done.layer, { ...options, files }), undefined);
  assert.equal((await backingChain(machine)).length, 2);
  assert.equal(await contentOf(machine), content);
  assert.equal((await survey()).get(below.manifest.key)?.isPinned, false);
});
