import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuseCaseTwin } from './refuse-case-twin.ts';

test('stacks and labs whose names differ in case alone are refused on every host; the one that is there is not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gqc-'));
  t.after(() => rm(folder, { recursive: true }));
  await refuseCaseTwin(join(folder, 'web', 'default'));
  await mkdir(join(folder, 'web', 'default'), { recursive: true });
  await refuseCaseTwin(join(folder, 'web', 'default'));
  await refuseCaseTwin(join(folder, 'web', 'other'));
  await assert.rejects(refuseCaseTwin(join(folder, 'web', 'Default')), { code: 'name-invalid', subject: 'Default' });
  await assert.rejects(refuseCaseTwin(join(folder, 'Web', 'default')), { code: 'name-invalid', subject: 'Web' });
});
