import assert from 'node:assert/strict';
import { copyFile, mkdir, open, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyPath } from '@goqemu/core';
import { collectLayers } from './collect-layers.ts';
import { contentOf, layerChain } from './fixture/layer-chain.ts';
import type { Layer } from './layer.ts';
import { standingDamage } from './layer-damage.ts';
import { diskOf } from './layer-disks.ts';
import type { LayerStore } from './layer-store.ts';

const keyOf = ({ manifest }: Layer) => manifest.key;

async function overwrite(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(4096, 0xaa), 0, 4096, at);
}

const damages: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  missing: (path) => rm(path),
  empty: (path) => truncate(path),
  'cut short': (path) => truncate(path, 70_000),
  'full of zeros': (path) => writeFile(path, Buffer.alloc(300_000)),
  'garbage at its beginning': (path) => overwrite(path, 0),
  'a folder': async (path) => {
    await rm(path);
    await mkdir(path);
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`a layer whose disk is ${what} is lost, and so are those that stand on it; those below are not`, async (t) => {
    const { store, layers } = await layerChain(t, 3);
    const [first, second, third] = layers as [Layer, Layer, Layer];
    assert.equal(standingDamage(diskOf(third)), undefined);
    await damage(diskOf(second));
    assert.deepEqual(await store.find(keyOf(first)), first);
    for (const lost of [second, third]) {
      assert.equal(await store.find(keyOf(lost)), undefined);
      await assert.rejects(store.get(keyOf(lost)), (error: { code?: string; message: string; hint?: string }) => {
        assert.equal(error.code, 'layer-damaged');
        assert.ok(error.message.includes(diskOf(second)), error.message);
        assert.match(error.hint ?? '', /plan again/);
        return true;
      });
    }
    assert.ok(standingDamage(diskOf(third))?.includes(diskOf(second)));
    assert.equal((await store.list()).length, 3, 'nothing is removed by a look');
  });
}

test('the image below layers being gone, all of them are lost', async (t) => {
  const { store, layers } = await layerChain(t, 2);
  await rm(join(store.folder, '../image.qcow2'));
  for (const layer of layers) assert.equal(await store.find(keyOf(layer)), undefined);
});

/** RAM and devices beside the disk, as a cut leaves them. */
async function withRam(store: LayerStore, { manifest, folder }: Layer): Promise<Layer> {
  const file = async (name: string) => {
    await writeFile(join(folder, name), Buffer.alloc(5000, 1));
    const { size, mtimeMs } = await stat(join(folder, name));
    return { name, size, modified: mtimeMs };
  };
  return store.write({ ...manifest, ram: await file('ram-1'), state: await file('state-1') });
}

for (const name of ['ram-1', 'state-1'])
  for (const [what, damage] of Object.entries({
    ...damages,
    touched: (path: string) => utimes(path, new Date(), new Date(0)),
  }))
    test(`a layer whose ${name} is ${what} is one of the disk alone`, async (t) => {
      const { store, layers } = await layerChain(t, 1);
      const layer = await withRam(store, layers[0] as Layer);
      assert.ok((await store.get(keyOf(layer))).manifest.ram);
      await damage(join(layer.folder, name));
      const found = await store.get(keyOf(layer));
      assert.equal(found.manifest.ram, undefined);
      assert.ok(found.lostRam?.includes(name));
      assert.equal(found.manifest.disk.name, layer.manifest.disk.name);
    });

test('collecting forgets what is lost: the layer, or its RAM; and what of it something stands on stays', async (t) => {
  const { store, layers } = await layerChain(t, 3);
  const ram = await withRam(store, layers[0] as Layer);
  const [, second, third] = layers as [Layer, Layer, Layer];
  await rm(join(ram.folder, 'ram-1'));
  await truncate(diskOf(third));
  const keep = layers.map(keyOf);
  const labsFolder = join(store.folder, '../labs');
  await collectLayers({ store, labsFolder, lineage: '0123456789ab', keep });
  assert.deepEqual((await store.list()).map(keyOf), [keyOf(ram), keyOf(second)]);
  assert.equal((await store.list())[0]?.manifest.ram, undefined);
});

test('a layer that is cut again in place of a lost one keeps its owners, and the old disk goes with what stood on it', async (t) => {
  const { store, layers } = await layerChain(t, 2);
  const [first, second] = layers as [Layer, Layer];
  await store.adopt(first, 'ffffffffffff');
  const content = await contentOf(diskOf(second));
  const lost = diskOf(first);
  await rename(lost, `${lost}.away`);
  assert.equal(await store.find(keyOf(first)), undefined);
  await rename(`${lost}.away`, lost);
  const again = join(first.folder, 'disk-00000009.qcow2');
  await copyFile(lost, again);
  const { size } = await stat(again);
  const sealed = await store.seal({ ...first.manifest, disk: { name: 'disk-00000009.qcow2', size } });
  assert.deepEqual([...sealed.manifest.owners].sort(), ['0123456789ab', 'ffffffffffff']);
  const options = { store, labsFolder: join(store.folder, '../labs'), lineage: '0123456789ab' };
  await collectLayers({ ...options, keep: layers.map(keyOf) });
  assert.equal(await contentOf(diskOf(second)), content, 'it stands on the old disk still');
  await collectLayers({ ...options, keep: [keyOf(first)] });
  await assert.rejects(stat(lost), { code: 'ENOENT' });
  await stat(again);
});

const manifestDamages: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  ...damages,
  'cut short': (path) => truncate(path, 100),
  "another layer's": (path) => writeFile(path, JSON.stringify({ version: 1, id: 'ffffffffffff' })),
};
for (const [what, damage] of Object.entries(manifestDamages)) {
  test(`a manifest that is ${what} costs nothing: its copy is read, and the next change writes it again`, async (t) => {
    const { store, layers } = await layerChain(t, 2);
    const [first] = layers as [Layer, Layer];
    const path = join(first.folder, 'manifest.json');
    await damage(path);
    const found = await store.get(keyOf(first));
    assert.deepEqual(found.manifest, first.manifest);
    assert.match(found.manifestDamage ?? '', /manifest\.json is damaged/);
    await collectLayers({
      store,
      labsFolder: join(store.folder, '../labs'),
      lineage: '0123456789ab',
      keep: layers.map(keyOf),
    });
    assert.equal((await store.list()).length, 2, 'it is no leftover');
    await store.healManifest(keyOf(first));
    assert.deepEqual(await store.get(keyOf(first)), first);
    await rm(copyPath(path));
    assert.deepEqual(await store.get(keyOf(first)), first);
  });
}

test('layers of a cut of several machines stay when the file that made them layers is lost', async (t) => {
  const { store, layers } = await layerChain(t, 2);
  const group = 'abcdefabcdef';
  for (const { manifest } of layers) await store.write({ ...manifest, group });
  for (const layer of layers) await rm(copyPath(join(layer.folder, 'manifest.json')), { force: true });
  assert.deepEqual(await store.list(), [], 'not before all of them are there');
  await store.completeGroup(group, layers.map(keyOf));
  assert.equal((await store.list()).length, 2);
  await rm(join(store.folder, 'groups', `${group}.json`));
  assert.equal((await store.list()).length, 2);
});
