import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HeldFiles } from '@goqemu/core/held-files';
import { ImageCache, type NewImage } from './image-cache.ts';

test('what killed writers and builders left goes; what a living one works on, and a download to resume, stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-images-'));
  try {
    const cache = new ImageCache(folder);
    const kept = ['web.qcow2', 'web.qcow2.json', 'debian-13-x86_64.part', `web.qcow2.json.${process.pid}.0123abcd.tmp`];
    for (const name of [...kept, 'web.qcow2.json.4194305.0123abcd.tmp']) await writeFile(join(folder, name), '');
    await mkdir(join(folder, '.work-debian-12-x86_64-0123abcd', 'root'), { recursive: true });
    await mkdir(join(folder, '.work-debian-12-aarch64-0123abcd'));
    {
      await using _lock = await cache.lock('debian-12', 'aarch64');
      await cache.removeAbandoned();
      const names = (await readdir(folder)).filter((name) => !name.includes('.lock'));
      assert.deepEqual(names.sort(), [...kept, '.work-debian-12-aarch64-0123abcd'].sort());
    }
    await cache.removeAbandoned();
    assert.deepEqual((await readdir(folder)).sort(), [...kept].sort());
    await new ImageCache(join(folder, 'nowhere')).removeAbandoned();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('an image that is removed while a machine runs on it goes later on Windows, and one that came back stays', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-images-'));
  t.after(() => rm(folder, { recursive: true }));
  const files = new HeldFiles();
  const cache = new ImageCache(folder, undefined, files);
  const add = async () => {
    const finished = join(folder, '..', `goqemu-finished-${process.pid}`);
    await writeFile(finished, 'the image');
    const digest = `sha256:${createHash('sha256').update('the image').digest('hex')}` as const;
    const origin = { reference: 'web', name: 'web', arch: 'x86_64', format: 'qcow2', key: digest, digest } as const;
    return await cache.add({ ...origin, virtualSize: 512 } as unknown as NewImage, finished);
  };
  const image = await add();
  const path = cache.path(image);
  files.hold(path);
  await cache.remove(image);
  assert.deepEqual(await cache.list(), []);
  await cache.removeAbandoned();
  assert.ok(existsSync(path), 'the file is gone while it is open');
  await add(); // the same content: the machine's file stays
  await cache.removeAbandoned();
  files.release(path);
  await cache.removeAbandoned();
  assert.ok(existsSync(path), 'an image that came back is gone');
  files.hold(path);
  await cache.remove(image);
  files.release(path);
  await cache.removeAbandoned();
  assert.deepEqual(await readdir(folder), []);
});
