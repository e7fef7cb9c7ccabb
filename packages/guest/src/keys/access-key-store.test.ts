import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AccessKeyStore } from './access-key-store.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-keys-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('a lab keeps the pair that it got first', async () => {
  const first = await new AccessKeyStore(join(folder, 'a')).loadOrCreate('web-1a2b');
  assert.deepEqual(await new AccessKeyStore(join(folder, 'a')).loadOrCreate('web-1a2b'), first);
});

test('many that ask at once get the same pair, and nothing is left over', async () => {
  const store = new AccessKeyStore(join(folder, 'b'));
  const pairs = await Promise.all(Array.from({ length: 20 }, () => store.loadOrCreate('web')));
  assert.equal(new Set(pairs.map((pair) => pair.privateKey)).size, 1);
  assert.deepEqual(await readdir(store.folder), ['web']);
});

test('only its owner can read a private key, also when its mode had been widened', async () => {
  const store = new AccessKeyStore(join(folder, 'c'));
  const { privateKeyFile } = await store.loadOrCreate('web');
  await chmod(privateKeyFile, 0o644);
  await store.loadOrCreate('web');
  assert.equal(await modeOf(privateKeyFile), 0o600);
  assert.equal(await modeOf(store.folder), 0o700);
  assert.equal(await modeOf(join(store.folder, 'web')), 0o700);
});

for (const name of ['id_ed25519', 'id_ed25519.copy', 'id_ed25519.pub'])
  for (const [what, content] of [
    ['missing', undefined],
    ['empty', ''],
    ['full of zeros', '\0'.repeat(400)],
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ["another lab's", 'other'],
  ] as const)
    test(`${name} that is ${what} costs nothing, and is written again`, async (t) => {
      const store = new AccessKeyStore(join(folder, t.name));
      const pair = await store.loadOrCreate('web');
      const other = await store.loadOrCreate('other');
      const path = join(store.folder, 'web', name);
      const before = await readFile(path, 'utf8');
      if (content === undefined) await unlink(path);
      else if (content === 'other') await copyFile(join(other.privateKeyFile, '..', name), path);
      else await writeFile(path, typeof content === 'string' ? content : content(before));
      assert.deepEqual(await store.loadOrCreate('web'), pair);
      assert.equal(await readFile(path, 'utf8'), before);
    });

test('a pair of which nothing is left is an error and is never replaced', async () => {
  const store = new AccessKeyStore(join(folder, 'd'));
  const { privateKeyFile } = await store.loadOrCreate('web');
  for (const path of [privateKeyFile, `${privateKeyFile}.copy`]) await writeFile(path, 'garbage');
  await assert.rejects(store.loadOrCreate('web'), { code: 'access-key-damaged' });
});

test('a lab whose name leads elsewhere is refused', async () => {
  const store = new AccessKeyStore(join(folder, 'e'));
  for (const name of ['../x', 'a/b', '', '.', 'a\0b'])
    await assert.rejects(store.loadOrCreate(name), { code: 'name-invalid' });
});

test('deleting forgets the pair', async () => {
  const store = new AccessKeyStore(join(folder, 'f'));
  const first = await store.loadOrCreate('web');
  await store.delete('web');
  assert.equal(await store.load('web'), undefined);
  assert.notEqual((await store.loadOrCreate('web')).publicKey, first.publicKey);
});

test('a copy opens what the original opens, is known as one, and works without it', async () => {
  const store = new AccessKeyStore(join(folder, 'g'));
  const { publicKey } = await store.loadOrCreate('web');
  await Promise.all([store.copy('web', 'fork'), store.copy('web', 'fork')]);
  assert.equal((await store.load('fork'))?.publicKey, publicKey);
  assert.deepEqual([...(await store.copies())], [['fork', 'web']]);
  await store.delete('web');
  await store.copy('fork', 'inner');
  assert.equal((await store.loadOrCreate('inner')).publicKey, publicKey);
  assert.equal((await store.loadOrCreate('fork')).publicKey, publicKey);
});

test('what killed writers left goes, and what a living one writes stays', async () => {
  const store = new AccessKeyStore(join(folder, 'h'));
  await store.loadOrCreate('web');
  const living = [`.db.${process.pid}.0123abcd`, `web.${process.pid}.0123abcd.tmp`];
  const dead = ['.db.4194305.0123abcd', '0123456789ab.state-key.4194305.0123abcd.tmp'];
  for (const name of [...living, ...dead]) await mkdir(join(store.folder, name));
  await mkdir(join(store.folder, 'web/hosts/i-1.4194305.0123abcd.tmp'), { recursive: true });
  await mkdir(join(store.folder, 'web/id_ed25519.4194305.0123abcd.tmp'));
  await store.removeAbandoned();
  assert.deepEqual((await readdir(store.folder)).sort(), [...living, 'web'].sort());
  assert.deepEqual((await readdir(join(store.folder, 'web'))).sort(), [
    'hosts',
    'id_ed25519',
    'id_ed25519.copy',
    'id_ed25519.pub',
  ]);
  assert.deepEqual(await readdir(join(store.folder, 'web/hosts')), []);
});
