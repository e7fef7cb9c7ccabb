import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { socketNames } from './machine-sockets.ts';
import { removeRuntimeFiles } from './remove-runtime-files.ts';

/** No process has a number as high as this (proc(5), pid_max). */
const dead = 2 ** 30;

test('what a killed goqemu left while it took its turn goes with the folder; what is not ours keeps it', async (t) => {
  const parent = join(await temporaryFolder(t), 'goqemu');
  const folder = join(parent, 'm');
  await mkdir(folder, { recursive: true });
  for (const name of [
    ...Object.values(socketNames),
    'room',
    'r.lock',
    `r.lock.${dead}.0123abcd`,
    `a.lock.dead.${dead}.0123abcd`,
  ])
    await writeFile(join(folder, name), '');
  await writeFile(join(parent, 'other'), '');
  await removeRuntimeFiles(folder);
  assert.deepEqual(await readdir(parent), ['other']);
  await mkdir(folder);
  await writeFile(join(folder, 'mine'), '');
  await removeRuntimeFiles(folder);
  assert.deepEqual(await readdir(folder), ['mine']);
});
