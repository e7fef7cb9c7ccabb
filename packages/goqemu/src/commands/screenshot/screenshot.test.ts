import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labOf, TestLab } from '../../shell/fixture/test-lab.ts';

test('a machine without a display has no picture, and the error says what to write', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  const { code, stderr } = await lab.run(['screenshot', 'web']);
  assert.equal(code, 65);
  assert.match(stderr, /machine "web" has no screen \[display-absent\]/);
  assert.match(stderr, /display: true/);
});

test('a machine that does not run, and one that there is not, are said as for other commands', async () => {
  using lab = new TestLab(labOf('web', ['web']));
  assert.equal((await lab.run(['apply', '--yes'])).code, 0);
  assert.match((await lab.run(['screenshot', 'db', '-'])).stderr, /machine-unknown/);
  assert.equal((await lab.run(['stop', 'web'])).code, 0);
  assert.match((await lab.run(['screenshot', 'web'])).stderr, /machine-not-running/);
});
