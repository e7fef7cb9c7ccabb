import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freeBytes } from './free-bytes.ts';

test('a folder that is not there yet has the room of the one that it would be made in', async () => {
  assert.ok((await freeBytes(join(tmpdir(), 'nowhere', 'below'))) > 0);
  await assert.rejects(freeBytes(join(tmpdir(), 'no\0name')), { code: 'ERR_INVALID_ARG_VALUE' });
});
