import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LabFolder } from './lab-folder.ts';

const example = fileURLToPath(new URL('../../examples/testing', import.meta.url));

interface Document {
  readonly tests: readonly { readonly path: readonly string[]; readonly status: string; readonly error: unknown }[];
}

test('the example with twelve tests on two machines is green, and leaves the lab as it was', async () => {
  await using folder = await LabFolder.make(await readFile(`${example}/lab.ts`, 'utf8'));
  await cp(example, folder.path, { recursive: true, filter: (path) => !path.includes('.goqemu') });
  const { code, stdout, stderr } = await folder.run(['test', '--reporter', 'json']);
  const { tests } = JSON.parse(stdout || `{ "tests": [], "why": ${JSON.stringify(stderr)} }`) as Document;
  const failed = tests.filter(({ status }) => status !== 'passed');
  assert.deepEqual(failed, [], `${JSON.stringify(failed, null, 1)}\n${stderr}`);
  assert.equal(tests.length, 12, `${stdout}\n${stderr}`);
  assert.equal(code, 0);
  assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0);
});
