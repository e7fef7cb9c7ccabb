import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acquireFileLock } from './file-lock.ts';
import { copyPath, readTwice, removeTwice, writeTwice } from './kept-twice.ts';
import { parseJson } from './parse-json.ts';

const numberIn = (text: string) => {
  const value = parseJson(text);
  return typeof value === 'number' ? value : undefined;
};

const damages: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  missing: (path) => rm(path),
  empty: (path) => truncate(path),
  'full of zeros': (path) => writeFile(path, Buffer.alloc(100)),
  'of something else': (path) => writeFile(path, '"text"'),
  'a folder': async (path) => {
    await rm(path);
    await mkdir(path);
    await writeFile(join(path, 'kept'), 'of another');
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`of a file that is kept twice, one that is ${what} costs nothing, and is written again`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'goqemu-twice-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'file.json');
    assert.equal(readTwice(path, numberIn), undefined);
    await writeTwice(path, '1');
    await writeTwice(path, '2');
    assert.deepEqual(readTwice(path, numberIn), { value: 2 });
    await damage(path);
    const found = readTwice(path, numberIn);
    assert.equal(found?.value, 2);
    assert.match(found?.damage ?? '', /file\.json is damaged: /);
    await writeTwice(path, '3');
    assert.deepEqual(readTwice(path, numberIn), { value: 3 });
    await damage(copyPath(path));
    assert.deepEqual(readTwice(path, numberIn), { value: 3 }, 'the file is what counts');
    await writeTwice(path, '4');
    assert.equal(await readFile(copyPath(path), 'utf8'), '4');
    const aside = (await readdir(folder)).filter((name) => name.includes('moved-aside'));
    assert.equal(aside.length, what === 'a folder' ? 2 : 0, 'what is not ours is kept');
    await removeTwice(path);
    assert.equal(readTwice(path, numberIn), undefined);
  });
}

test('a file of which both are damaged says so', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-twice-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'file.json');
  await writeTwice(path, '1');
  for (const name of [path, copyPath(path)]) await truncate(name);
  const found = readTwice(path, numberIn);
  assert.equal(found?.value, undefined);
  assert.match(found?.damage ?? '', /it is empty/);
});

test('a lock in whose place a folder is is taken all the same', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-twice-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'lock');
  await mkdir(path);
  await writeFile(join(path, 'kept'), 'of another');
  const lock = await acquireFileLock(path, { command: 'test' });
  await lock[Symbol.asyncDispose]();
  assert.equal((await readdir(folder)).length, 1);
});
