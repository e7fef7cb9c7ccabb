import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { copyImage } from './copy-image.ts';
import { fileDigest } from './file-digest.ts';

const length = 8 * 2 ** 20;

/** 8 MiB with data at both ends and a hole between. */
async function sparseFile(t: TestContext): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-copy-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'sparse.raw');
  const file = await open(path, 'w');
  await file.write('begin', 0);
  await file.truncate(length);
  await file.write('end', length - 3);
  await file.close();
  return { folder, path };
}

test('a sparse image is copied as it is, and stays sparse', async (t) => {
  const { folder, path } = await sparseFile(t);
  const copy = join(folder, 'copy');
  const digest = await copyImage(path, copy);
  assert.equal(digest, await fileDigest(path));
  assert.ok((await readFile(copy)).equals(await readFile(path)));
  assert.ok((await stat(copy)).blocks * 512 < length / 16, 'the copy is dense');
});

test('without room for what the image holds, nothing is written; holes need no room', async (t) => {
  const { folder, path } = await sparseFile(t);
  await assert.rejects(
    copyImage(path, join(folder, 'copy'), { room: async () => 1 }),
    (error) => hasErrorCode(error, 'disk-full') && /needs .* 1 B are free/.test(error.message),
  );
  assert.deepEqual(await readdir(folder), ['sparse.raw']);
  await copyImage(path, join(folder, 'copy'), { room: async () => 2 ** 20 });
});

test('a copy that is interrupted leaves nothing', async (t) => {
  const { folder, path } = await sparseFile(t);
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error('stopped'));
  await assert.rejects(copyImage(path, join(folder, 'copy'), { signal: stop.signal, onProgress }), /stopped/);
  assert.deepEqual(await readdir(folder), ['sparse.raw']);
});
