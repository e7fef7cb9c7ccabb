import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readIfThere } from './read-if-there.ts';

test('a file that cannot be read is not taken for one that is not there', () => {
  assert.match(readIfThere(import.meta.filename) ?? '', /a file that cannot be read/);
  assert.equal(readIfThere(join(import.meta.dirname, 'gone')), undefined);
  assert.equal(readIfThere(join(import.meta.filename, 'below')), undefined);
  assert.throws(() => readIfThere(join(import.meta.dirname, 'no\0name')), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => readIfThere(import.meta.dirname), { code: 'EISDIR' });
});
