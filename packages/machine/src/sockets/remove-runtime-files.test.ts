import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { cardSocketNames, socketNames } from './machine-sockets.ts';
import { removeRuntimeFiles } from './remove-runtime-files.ts';

/** No process has a number as high as this (proc(5), pid_max). */
const dead = 2 ** 30;

test('what a killed goqemu left while it took its turn goes with the folder; what is not ours keeps it', async (t) => {
  const parent = join(await temporaryFolder(t), 'goqemu');
  const folder = join(parent, 'm');
  await mkdir(folder, { recursive: true });
  for (const name of [...Object.values(socketNames), ...Object.values(cardSocketNames).flat()])
    await abandonedSocket(join(folder, name));
  for (const name of ['room', 'log', 'r.lock', `r.lock.${dead}.0123abcd`, `a.lock.dead.${dead}.0123abcd`])
    await writeFile(join(folder, name), '');
  await writeFile(join(parent, 'other'), '');
  await removeRuntimeFiles(folder);
  assert.deepEqual(await readdir(parent), ['other']);
  await mkdir(folder);
  await writeFile(join(folder, 'mine'), '');
  await removeRuntimeFiles(folder);
  assert.deepEqual(await readdir(folder), ['mine']);
});

test('a file under a socket’s name and a socket under a file’s name are kept, and so is a folder above that is not goqemu’s', async (t) => {
  const parent = join(await temporaryFolder(t), 'theirs');
  const folder = join(parent, 'm');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'c'), 'theirs');
  await mkdir(join(folder, 'room'));
  await abandonedSocket(join(folder, 'log'));
  await removeRuntimeFiles(folder);
  assert.deepEqual((await readdir(folder)).sort(), ['c', 'log', 'room']);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await removeRuntimeFiles(folder);
  assert.deepEqual(await readdir(parent), []);
});

/** As a process leaves it that was killed. */
async function abandonedSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}-bound`);
  await once(server, 'listening');
  await rename(`${path}-bound`, path);
  await new Promise((resolve) => server.close(resolve));
}
