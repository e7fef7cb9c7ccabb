import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { statIfThere } from './stat-if-there.ts';

test('a path that cannot be looked at is not taken for one without anything', async () => {
  assert.equal((await statIfThere(import.meta.filename))?.isFile(), true);
  assert.equal(await statIfThere(join(import.meta.dirname, 'gone')), undefined);
  assert.equal(await statIfThere(join(import.meta.filename, 'below')), undefined);
  await assert.rejects(statIfThere(join(import.meta.dirname, 'no\0name')), { code: 'ERR_INVALID_ARG_VALUE' });
});
