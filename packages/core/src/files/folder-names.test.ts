import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderNames } from './folder-names.ts';

test('a folder that is not there is empty, and one that cannot be read is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-names-'));
  try {
    await writeFile(join(folder, 'a'), '');
    assert.deepEqual(await folderNames(folder), ['a']);
    assert.deepEqual(await folderNames(join(folder, 'gone')), []);
    assert.deepEqual(await folderNames(join(folder, 'a')), []);
    await assert.rejects(folderNames(join(folder, 'no\0name')), { code: 'ERR_INVALID_ARG_VALUE' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
