import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunnerEvent, recorded } from './record-tests.ts';

async function record(events: readonly (readonly [string, number, RunnerEvent['data']])[]) {
  const source = async function* () {
    for (const [type, nesting, data] of events)
      yield { type: `test:${type}`, data: { nesting, file: '/a.ts', ...data } };
  };
  const found = [];
  for await (const one of recorded(source())) found.push(one);
  return found;
}

test('a test has the names around it, the file it was run from, and what it said', async () => {
  const error = Object.assign(new Error('1 subtest failed'), { cause: new Error('really') });
  const found = await record([
    ['pass', 2, { name: 'step', file: '/helper.ts' }],
    ['fail', 1, { name: 'inner', details: { error, duration_ms: 3 } }],
    ['diagnostic', 1, { message: 'said' }],
    ['fail', 0, { name: 'suite', details: { type: 'suite' } }],
    ['pass', 0, { name: 'skipped', skip: true }],
    ['plan', 0, {}],
    ['diagnostic', 0, { message: 'tests 4' }],
  ]);
  assert.deepEqual(
    found.map(({ path, status, file, notes }) => [path.join(' > '), status, file, ...notes]),
    [
      ['suite > inner > step', 'passed', '/a.ts'],
      ['suite > inner', 'failed', '/a.ts', 'said'],
      ['suite', 'failed', '/a.ts'],
      ['skipped', 'skipped', '/a.ts'],
    ],
  );
  assert.equal(found[1]?.error?.message, 'really');
  assert.deepEqual(
    found.map(({ suite }) => suite),
    [false, false, true, false],
  );
});
