import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { defineLab, z } from '@goqemu/lab';
import { type ParameterSources, readParameters } from './read-parameters.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-params-'));
after(() => rmSync(base, { recursive: true }));
const definition = defineLab(
  { name: 'typed', params: z.object({ workers: z.number(), title: z.string(), tags: z.array(z.string()).optional() }) },
  () => ({}),
);

function read(change: Partial<ParameterSources>) {
  return readParameters(definition as never, { assignments: [], env: {}, workingFolder: base, ...change });
}

test('text stays text where the schema takes text, and is read as JSON where it does not', async () => {
  assert.deepEqual(await read({ assignments: ['workers=3', 'title=42', 'tags=["a"]'] }), {
    workers: 3,
    title: '42',
    tags: ['a'],
  });
});

test('the command line comes before the environment, and that before the file', async () => {
  writeFileSync(join(base, 'params.json'), '{"workers":1,"title":"file"}');
  assert.deepEqual(await read({ file: 'params.json' }), { workers: 1, title: 'file' });
  const env = { GOQEMU_PARAM_title: 'environment' };
  assert.deepEqual(await read({ file: 'params.json', env }), { workers: 1, title: 'environment' });
  assert.deepEqual(await read({ file: 'params.json', env, assignments: ['title=a=b'] }), { workers: 1, title: 'a=b' });
});

test('an assignment without a value and a file that is no object are refused', async () => {
  await assert.rejects(read({ assignments: ['workers'] }), { code: 'usage' });
  writeFileSync(join(base, 'list.json'), '[1]');
  await assert.rejects(read({ file: 'list.json' }), { code: 'parameters-invalid' });
  await assert.rejects(read({ file: 'gone.json' }), { code: 'parameters-invalid' });
});
