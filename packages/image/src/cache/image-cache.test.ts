import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImageCache } from './image-cache.ts';

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
