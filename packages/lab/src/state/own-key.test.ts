import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FileStateStorage } from './state-storage.ts';

const home = mkdtempSync(join(tmpdir(), 'goqemu-own-key-'));
after(() => rmSync(home, { recursive: true }));
const folders = { lab: 'web', stack: 'default', home, labFolder: home, stateFolder: join(home, 'state') };
const storage = new FileStateStorage(folders);
const file = 'secret-key-0123456789ab';
const [own, another, unknown] = ['a', 'b', 'c'].map((digit) => `${digit.repeat(64)}\n`) as [string, string, string];
const path = storage.path(file);
mkdirSync(join(home, 'keys'));
writeFileSync(join(home, 'keys/ba9876543210.state-key'), another);

/** What is read of a key file and its copy, and that neither of the two is written over. */
async function read(key: string, copy: string): Promise<string | undefined> {
  writeFileSync(path, key);
  writeFileSync(`${path}.copy`, copy);
  try {
    return await storage.read(file);
  } finally {
    assert.deepEqual([readFileSync(path, 'utf8'), readFileSync(`${path}.copy`, 'utf8')], [key, copy]);
  }
}

test('of a key file and its copy the one that another lab has does not count', async () => {
  assert.equal(await read(own, own), own);
  assert.equal(await read(another, own), own);
  assert.equal(await read(own, another), own);
});

test('one that is damaged in a digit is no key, and the other is used and written again', async () => {
  await storage.write(file, own);
  const text = readFileSync(path, 'utf8');
  for (const place of [path, `${path}.copy`]) {
    writeFileSync(place, `0${text.slice(1)}`);
    assert.equal(await storage.read(file), own);
    assert.deepEqual([readFileSync(path, 'utf8'), readFileSync(`${path}.copy`, 'utf8')], [text, text]);
  }
});

test('two keys of which no lab has either are an error that names both files', async () => {
  await assert.rejects(read(own, unknown), {
    code: 'secret-key-invalid',
    message: /\.state-key and .*\.state-key\.copy$/,
    hint: /^delete the one/,
  });
});
