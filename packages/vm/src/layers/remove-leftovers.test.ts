import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { layerChain } from './fixture/layer-chain.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { workMark } from './working-process.ts';

const unfinished = '0123456789ab';

test('what killed processes left goes: half layers, and RAM that no manifest names', async (t) => {
  const { store, layers } = await layerChain(t, 1);
  const [layer] = layers;
  assert.ok(layer, 'there is no layer');
  const { id } = layer.manifest;
  const forgotten = [
    join(layer.folder, 'ram-1'),
    join(layer.folder, 'state-1.devices'),
    join(layer.folder, 'variables-1.qcow2'),
  ];
  for (const folder of [
    join(store.folder, unfinished),
    join(store.memoryFolder, unfinished),
    join(store.memoryFolder, id),
  ]) {
    await mkdir(folder, { recursive: true });
    forgotten.push(join(folder, 'ram-2'));
  }
  for (const file of forgotten) await writeFile(file, '');
  await removeLeftovers(store, new Set());
  assert.deepEqual(await readdir(store.folder), [id]);
  assert.deepEqual(await readdir(store.memoryFolder), []);
  assert.deepEqual((await readdir(layer.folder)).sort(), [
    layer.manifest.disk.name,
    'manifest.json',
    'manifest.json.copy',
  ]);
});

test('drafts of killed writers go, and those of living ones stay', async (t) => {
  const { store, layers } = await layerChain(t, 1);
  const [layer] = layers;
  assert.ok(layer, 'there is no layer');
  const groups = join(store.folder, 'groups');
  await mkdir(groups, { recursive: true });
  const living = [
    join(layer.folder, `manifest.json.${process.pid}.0123abcd.tmp`),
    join(layer.folder, `rebasing-${process.pid}-0123abcd`),
    join(groups, `0123456789ab.json.${process.pid}.0123abcd.tmp`),
  ];
  const dead = living.map((path) => path.replace(`${process.pid}`, '4194305'));
  for (const path of [...living, ...dead]) await writeFile(path, '');
  await removeLeftovers(store, new Set());
  assert.deepEqual(
    [...living, ...dead].filter((path) => existsSync(path)),
    living,
  );
});

test('a disk that a machine stands on stays, and so does what a living process works on', async (t) => {
  const { store, layers } = await layerChain(t, 1);
  const [layer] = layers;
  assert.ok(layer, 'there is no layer');
  const standing = join(store.folder, unfinished);
  await mkdir(standing);
  for (const name of ['disk-1.qcow2', 'ram-1', 'cutting-4194305']) await writeFile(join(standing, name), '');
  for (const name of ['ram-1', await workMark('cutting')]) await writeFile(join(layer.folder, name), '');
  await removeLeftovers(store, new Set([unfinished]));
  assert.deepEqual(await readdir(standing), ['disk-1.qcow2']);
  assert.ok((await readdir(layer.folder)).includes('ram-1'), 'the RAM of a cut that is under way is gone');
});
