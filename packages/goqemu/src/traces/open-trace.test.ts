import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { LabWithGuest } from '../shell/fixture/lab-with-guest.ts';
import type { TestLab } from '../shell/fixture/test-lab.ts';
import { execAction, FailedTest, ran } from './fixture/failed-test.ts';

let opened: LabWithGuest;
let lab: TestLab;
let failed: FailedTest;

before(async () => {
  opened = await LabWithGuest.open(['web', 'db']);
  lab = opened.lab;
  failed = await FailedTest.in(lab);
});

after(() => opened[Symbol.asyncDispose]());

test('it is opened at the failure, in the machine that failed, in a copy that is gone afterwards', async () => {
  failed.writeTrace('it-breaks.abc-1');
  const { code, stdout, stderr } = await lab.run(['trace', 'open', 'it-br', '--', 'sh', '-c', 'echo here; exit 7']);
  assert.deepEqual([code, stdout], [7, 'here\n'], stderr);
  assert.match(stderr, /web as in it breaks; from another terminal: goqemu ssh web --stack trace-/);
  assert.deepEqual(failed.stacks(), ['default', 'test-1']);
  const other = await lab.run(['trace', 'open', '--machine', 'db', '--', 'true']);
  assert.match(other.stderr, /^db as in/m);
});

test('before an earlier action, those before it are done again from the beginning, and what cannot be is said', async () => {
  failed.writeTrace('it-breaks.abc-1');
  const { code, stderr } = await lab.run(['trace', 'open', '--at', '4', '--', 'true']);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(lab.file('done'), 'utf8'), 'one\n');
  assert.match(stderr, /actions before 4 again; what the test did besides them/);
  assert.match(stderr, /1 {2}web\.exec\(.*\n +3 {2}web\.exec\("login"\) {2}cannot be done again/);
  assert.deepEqual(failed.stacks(), ['default', 'test-1']);
  const far = await lab.run(['trace', 'open', '--at', '9']);
  assert.deepEqual([far.code, /had 4 actions/.test(far.stderr)], [64, true], far.stderr);
});

test('before an action whose machines were kept, nothing is done again', async () => {
  const place = { stack: 'test-1', checkpoint: failed.kept.id, machines: [], bytes: failed.kept.bytes, ownStack: true };
  const actions = [
    execAction(1, 'exit 9'),
    execAction(2, 'two', { again: undefined as never }),
    execAction(3, 'three', { before: place }),
  ];
  failed.writeTrace('it-breaks.abc-1', { actions });
  const { code, stdout, stderr } = await lab.run(['trace', 'open', '--at', '2', '--', 'echo', 'in']);
  assert.deepEqual([code, stdout], [0, 'in\n'], stderr);
  assert.doesNotMatch(stderr, /again/);
});

test('a lab that needs parameters has those that the test ran with', async () => {
  const plain = readFileSync(lab.file('lab.ts'), 'utf8');
  lab.write(
    plain
      .replace("{ name: 'web' }", "{ name: 'web', params: z.object({ size: z.number() }) }")
      .replace('{ defineLab }', '{ defineLab, z }'),
  );
  const run = { name: 'web', file: lab.file('lab.ts'), stack: 'default', at: 'ready', isolation: 'fork' } as const;
  failed.writeTrace('it-breaks.abc-1', { lab: { ...run, machines: ['web', 'db'], parameters: { size: 1 } } });
  for (const words of [[], ['--at', '4']])
    assert.equal(await ran(lab, 'trace', 'open', ...words, '--', 'echo', 'in'), 'in\n');
  failed.writeTrace('it-breaks.abc-1', { lab: { ...run, machines: ['web', 'db'] } });
  assert.match((await lab.run(['trace', 'open', '--at', '4', '--', 'true'])).stderr, /size/);
  lab.write(plain);
});
