import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { GoqemuError, type HostPlatform, hasErrorCode, hostPlatform } from '@goqemu/core';
import { ImageServer } from '@goqemu/testing';
import type { buildDebianImage } from '../build/build-debian-image.ts';
import { debian12Recipe } from '../build/debian-recipe.ts';
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts';
import { guestProfile } from '../catalogue/guest-profile.ts';
import { smallQcow2 } from '../format/fixture/small-qcow2.ts';
import type { ImageProgress } from './image-results.ts';
import { ImageStore, type ImageStoreOptions } from './image-store.ts';

const qcow2 = () => smallQcow2({ filler: randomBytes(200_000) });

/** With a boot sector. */
function rawDisk(length: number): Buffer {
  const disk = Buffer.alloc(length);
  disk.writeUInt16BE(0x55aa, 510);
  return disk;
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

async function host(options: Partial<ImageStoreOptions> = {}) {
  const images = await mkdtemp(join(tmpdir(), 'goqemu-images-'));
  const content = qcow2();
  const server = await ImageServer.start({ '/debian-12.qcow2': content });
  server.checksums('/SUMS', { algorithm: 'sha512', style: 'gnu', of: ['/debian-12.qcow2'] });
  const entry: CatalogueEntry = {
    ...guestProfile('debian'),
    name: 'debian-12',
    title: 'Debian 12',
    aliases: ['bookworm'],
    published: {
      x86_64: {
        url: server.url('/debian-12.qcow2'),
        checksum: { url: server.url('/SUMS'), algorithm: 'sha512' },
      },
    },
  };
  const platform: HostPlatform = { ...hostPlatform(), system: 'linux', arch: 'x64', env: {} };
  const builds: string[] = [];
  const builder: typeof buildDebianImage = async ({ recipe, workFolder, onStage }) => {
    onStage?.('bootstrap', 'building');
    builds.push(recipe.name);
    const path = join(workFolder, 'built.qcow2');
    await writeFile(path, qcow2());
    return { path, key: sha256(Buffer.from(recipe.name)) };
  };
  const open = (more: Partial<ImageStoreOptions> = {}) =>
    new ImageStore({ folders: { images }, platform, catalogue: [entry], builder, ...options, ...more });
  return {
    images,
    content,
    server,
    builds,
    open,
    store: open(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(images, { recursive: true, force: true });
    },
  };
}

function changedCopy(content: Buffer): Buffer {
  const changed = Buffer.from(content);
  changed[1000] = (changed[1000] ?? 0) ^ 1;
  return changed;
}

/** Writes into a file that is read-only, as root may. */
async function overwrite(path: string, content: Uint8Array): Promise<void> {
  await chmod(path, 0o644).catch(() => undefined); // it may be gone
  await writeFile(path, content);
}

const unreachable = { publisherReachable: async () => 'no network' };
const files = async (folder: string) => (await readdir(folder)).filter((name) => !name.startsWith('.'));

test('an image is downloaded once, verified, read-only, and cached from then on', async () => {
  await using at = await host();
  const before = await at.store.resolve('debian-12');
  assert.equal(before.how, 'download');
  assert.deepEqual(await files(at.images), []);
  const image = await at.store.ensure('debian-12');
  assert.equal(image.how, 'downloaded');
  assert.equal(image.digest, `sha256:${sha256(at.content)}`);
  assert.equal(image.key, image.digest);
  assert.equal(image.virtualSize, 2 ** 31);
  assert.equal((await stat(image.path)).mode & 0o222, 0);
  const requests = at.server.requests.length;
  assert.equal((await at.store.ensure('bookworm')).how, 'cached');
  assert.equal(at.server.requests.length, requests);
  const after = await at.store.resolve('debian-12');
  assert.equal(after.path, image.path);
  assert.equal(after.key, image.key);
});

test('two that ask at once share one download', async () => {
  await using at = await host();
  at.server.behave('/debian-12.qcow2', { slow: { chunk: 50_000, delayMs: 20 } });
  const progress: ImageProgress[] = [];
  const onProgress = (step: ImageProgress) => void progress.push(step);
  const both = await Promise.all([
    at.open().ensure('debian-12', { onProgress }),
    at.open().ensure('debian-12', { onProgress }),
  ]);
  assert.deepEqual(both.map((image) => image.how).sort(), ['cached', 'downloaded']);
  assert.equal(
    at.server.requests.filter((request) => request.method === 'GET' && request.path.endsWith('.qcow2')).length,
    1,
  );
  assert.equal(
    progress.some((step) => step.kind === 'wait'),
    true,
  );
});

test('an unreachable publisher of debian-12 means a build, with the reason, and by the key of the recipe', async () => {
  await using at = await host(unreachable);
  const planned = await at.store.resolve('debian-12');
  assert.equal(planned.how, 'build');
  assert.equal(planned.why, 'no network');
  assert.equal(planned.guestAgent, 'included');
  const image = await at.store.ensure('debian-12');
  assert.equal(image.how, 'built');
  assert.equal(image.why, 'no network');
  assert.equal(image.key, `recipe:${sha256(Buffer.from(debian12Recipe.name))}`);
  assert.equal(image.guestAgent, 'included');
  const again = await at.store.ensure('debian-12');
  assert.deepEqual([again.how, again.origin, again.why], ['cached', 'built', 'no network']);
  assert.deepEqual(at.builds, ['debian-12']);
});

test('a publisher that was unreachable is not asked again at once', async () => {
  let asked = 0;
  const publisherReachable = async () => {
    asked++;
    return 'no network';
  };
  await using at = await host({ publisherReachable });
  await at.store.resolve('debian-12');
  assert.equal((await at.open().resolve('debian-12')).why, 'no network');
  assert.equal(asked, 1);
});

test('a build that fails leaves nothing, and the next one starts over', async () => {
  await using at = await host(unreachable);
  const failing = at.open({
    builder: async ({ workFolder }) => {
      await writeFile(join(workFolder, 'half'), 'half');
      throw new GoqemuError({ code: 'tool-failed', source: 'environment', message: 'mmdebstrap failed' });
    },
  });
  await assert.rejects(failing.ensure('debian-12'), (error) => hasErrorCode(error, 'tool-failed'));
  assert.deepEqual(
    (await readdir(at.images)).filter((name) => name.startsWith('.work')),
    [],
  );
  assert.equal((await at.store.ensure('debian-12')).how, 'built');
});

test('a second build of the same never replaces a file that machines may lie over', async () => {
  await using at = await host(unreachable);
  const first = await at.store.build('debian-12');
  const content = await readFile(first.path);
  const second = await at.store.build('debian-12');
  assert.deepEqual(at.builds, ['debian-12', 'debian-12']);
  assert.equal(second.path, first.path);
  assert.deepEqual(await readFile(first.path), content);
});

test('pull fetches what changed, keeps the older image, and does nothing when nothing changed', async () => {
  await using at = await host();
  const old = await at.store.ensure('debian-12');
  assert.equal((await at.store.pull('debian-12')).how, 'cached');
  at.server.put('/debian-12.qcow2', qcow2());
  at.server.checksums('/SUMS', { algorithm: 'sha512', style: 'gnu', of: ['/debian-12.qcow2'] });
  assert.equal((await at.store.ensure('debian-12')).path, old.path);
  const fresh = await at.store.pull('debian-12');
  assert.equal(fresh.how, 'downloaded');
  assert.deepEqual((await at.store.list()).map((image) => image.path).sort(), [old.path, fresh.path].sort());
  assert.equal((await at.store.ensure('debian-12')).path, fresh.path);
});

test('a wrong checksum, a missing one and a page instead of an image leave the cache empty', async () => {
  await using at = await host();
  at.server.checksums('/SUMS', { algorithm: 'sha512', style: 'gnu', of: ['/debian-12.qcow2'], wrong: true });
  await assert.rejects(at.store.ensure('debian-12'), (error) => hasErrorCode(error, 'checksum-mismatch'));
  at.server.put('/SUMS', Buffer.from('nothing of use'));
  await assert.rejects(at.store.ensure('debian-12'), (error) => hasErrorCode(error, 'checksum-missing'));
  at.server.put('/page.qcow2', Buffer.from('<!DOCTYPE html>'));
  await assert.rejects(at.store.ensure(at.server.url('/page.qcow2')), (error) =>
    hasErrorCode(error, 'image-format-unsupported'),
  );
  assert.deepEqual(await at.store.list(), []);
  assert.deepEqual(await files(at.images), []);
});

test('a URL of its own is recognised, and a pin that does not hold is refused', async () => {
  await using at = await host();
  const url = at.server.url('/debian-12.qcow2');
  const image = await at.store.ensure(url);
  assert.deepEqual([image.system, image.user, image.how], ['debian', 'debian', 'downloaded']);
  const pinned = await at.store.ensure(`${url}#sha256=${sha256(at.content)}`);
  assert.deepEqual([pinned.how, pinned.path], ['cached', image.path]);
  await assert.rejects(at.store.ensure(`${url}#sha256=${'0'.repeat(64)}`), (error) =>
    hasErrorCode(error, 'checksum-mismatch'),
  );
});

test('a local file is copied in, and again when it has changed', async () => {
  await using at = await host();
  await using home = await host();
  const path = join(home.images, 'my disk.raw');
  await writeFile(path, rawDisk(1024));
  const image = await at.store.ensure(path);
  assert.deepEqual([image.how, image.format, image.size], ['imported', 'raw', 1024]);
  assert.equal((await at.store.ensure(path)).how, 'cached');
  await utimes(path, 5, 5);
  assert.equal((await at.store.ensure(path)).path, image.path);
  assert.equal((await at.store.ensure(path)).how, 'cached');
  await writeFile(path, rawDisk(2048));
  await utimes(path, 1, 1);
  assert.equal((await at.store.resolve(path)).how, 'import');
  assert.equal((await at.store.ensure(path)).size, 2048);
  await assert.rejects(at.store.ensure(join(home.images, 'none.img')), (error) =>
    hasErrorCode(error, 'image-file-missing'),
  );
});

test('an image in use is not removed, and the users are named; a free one goes with its manifest', async () => {
  await using at = await host();
  const image = await at.store.ensure('debian-12');
  const inUse = at.store.remove('debian-12', { usedBy: async () => ['web', 'worker-1'] });
  await assert.rejects(
    inUse,
    (error) => hasErrorCode(error, 'image-in-use') && error.message.includes('web, worker-1'),
  );
  assert.equal((await at.store.list()).length, 1);
  const removed = await at.store.remove(image.digest.slice(0, 20), { usedBy: async () => [] });
  assert.deepEqual(
    removed.map((item) => item.path),
    [image.path],
  );
  assert.deepEqual(await files(at.images), []);
  await assert.rejects(at.store.remove('debian-12', { usedBy: async () => [] }), (error) =>
    hasErrorCode(error, 'image-not-cached'),
  );
});

test('verify finds a file that changed, and one that is gone', async () => {
  await using at = await host();
  const image = await at.store.ensure('debian-12');
  const results = async () => (await at.store.verify('debian-12')).map(({ ok, found }) => [ok, found !== undefined]);
  assert.deepEqual(await results(), [[true, true]]);
  await overwrite(image.path, changedCopy(at.content));
  assert.deepEqual(await results(), [[false, true]]);
  await rm(image.path);
  assert.deepEqual(await results(), [[false, false]]);
});

test('a cached image that changed, in place and under its old time, or was replaced, or cut short, is fetched again', async () => {
  await using at = await host();
  const image = await at.store.ensure('debian-12');
  const verified = await stat(image.path);
  const damages: [string, () => Promise<void>][] = [
    ['changed', () => overwrite(image.path, changedCopy(at.content))],
    ['cut short', () => overwrite(image.path, at.content.subarray(0, 5000))],
    ['gone', () => rm(image.path)],
    [
      'replaced',
      async () => {
        await rm(image.path);
        await overwrite(image.path, changedCopy(at.content));
        await utimes(image.path, verified.atime, verified.mtime);
      },
    ],
  ];
  for (const [name, damage] of damages) {
    await damage();
    const planned = await at.store.resolve('debian-12');
    assert.deepEqual([planned.cached, planned.how, planned.key], [false, 'download', image.key], name);
    assert.match(planned.damage ?? '', /the cached image .* (changed|bytes long|gone)/, name);
    const progress: ImageProgress[] = [];
    const again = await at.open().ensure('debian-12', { onProgress: (step) => void progress.push(step) });
    assert.deepEqual([again.how, again.path], ['downloaded', image.path], name);
    assert.ok((await readFile(image.path)).equals(at.content), name);
    assert.ok(
      progress.some(({ kind }) => kind === 'damaged'),
      name,
    );
  }
  await overwrite(image.path, changedCopy(at.content));
  assert.equal((await at.store.pull('debian-12')).how, 'downloaded', 'pull heals too');
});

test('an image whose file only looks different is read once, and used', async () => {
  await using at = await host();
  const image = await at.store.ensure('debian-12');
  await overwrite(image.path, at.content);
  assert.equal((await at.store.resolve('debian-12')).how, 'cached');
  await at.store.cache.checkFile(image.path);
  const [manifest = ''] = (await files(at.images)).filter((name) => name.endsWith('.json'));
  const { verified, ...earlier } = JSON.parse(await readFile(join(at.images, manifest), 'utf8'));
  assert.equal(verified.inode, (await stat(image.path)).ino);
  await writeFile(join(at.images, manifest), JSON.stringify(earlier)); // as an earlier version wrote it
  assert.equal((await at.store.ensure('debian-12')).how, 'cached');
});

test('the image under a disk is refused with the way to heal it; a file that is not the cache’s is not checked', async () => {
  await using at = await host();
  const image = await at.store.ensure('debian-12');
  await overwrite(image.path, at.content.subarray(0, 5000));
  await assert.rejects(
    at.store.cache.checkFile(image.path),
    (error) => hasErrorCode(error, 'image-damaged') && /goqemu image pull debian-12/.test(error.hint ?? ''),
  );
  await at.store.cache.checkFile('/nowhere/disk.qcow2');
});

test('a build in place of a damaged one is another file: nothing that stands on the first gets other content', async () => {
  await using at = await host(unreachable);
  const first = await at.store.ensure('debian-12');
  await overwrite(first.path, Buffer.from('damaged'));
  const second = await at.store.ensure('debian-12');
  assert.equal(second.key, first.key);
  assert.notEqual(second.path, first.path);
  assert.equal(await readFile(first.path, 'utf8'), 'damaged');
  assert.equal((await at.store.ensure('debian-12')).path, second.path);
});

test('a local file that is not accepted is refused by the plan, and by pull, with nothing left in the cache', async () => {
  await using at = await host();
  const path = join(at.images, '..', `${basename(at.images)}.qcow2`);
  await writeFile(path, qcow2().subarray(0, 5000));
  try {
    for (const verb of ['resolve', 'pull', 'ensure'] as const)
      await assert.rejects(at.store[verb](path), (error) => hasErrorCode(error, 'image-incomplete'));
    for (const verb of ['resolve', 'pull'] as const)
      await assert.rejects(at.store[verb]('/nowhere/a.qcow2'), (error) => hasErrorCode(error, 'image-file-missing'));
  } finally {
    await rm(path);
  }
  assert.deepEqual(await files(at.images), []);
});

test('what a local file holds, and whether there is room for it, is known before it is copied', async () => {
  await using at = await host();
  await using home = await host();
  const path = join(home.images, 'disk.raw');
  await writeFile(path, rawDisk(2 ** 20));
  const planned = await at.store.resolve(path);
  assert.equal(planned.virtualSize, 2 ** 20);
  assert.ok(planned.room && planned.room.needed > 0 && planned.room.needed < planned.room.free);
});

test('a manifest that is none, or of another file, does not count', async () => {
  await using at = await host();
  await at.store.ensure('debian-12');
  const [manifest = ''] = (await files(at.images)).filter((name) => name.endsWith('.json'));
  await writeFile(join(at.images, 'other.qcow2.json'), await readFile(join(at.images, manifest)));
  await writeFile(join(at.images, 'broken.qcow2.json'), '{"version": 1');
  assert.equal((await at.store.list()).length, 1);
});

test('what cannot be had is refused by name before anything is fetched', async () => {
  await using at = await host();
  await assert.rejects(at.store.resolve('debian-12', { arch: 'aarch64' }), (error) =>
    hasErrorCode(error, 'image-arch-unavailable'),
  );
  await assert.rejects(at.store.resolve('nonsense'), (error) => hasErrorCode(error, 'image-unknown'));
  await assert.rejects(at.store.build(at.server.url('/x.qcow2')), (error) => hasErrorCode(error, 'build-no-recipe'));
  assert.deepEqual(at.server.requests, []);
});
