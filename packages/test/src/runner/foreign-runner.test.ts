import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notedLab } from '../fixture/noted-lab.fixture.ts';
import { type ForeignTest, labForRunner } from './foreign-runner.ts';
import { readRunSettings } from './run-settings.ts';
import type { LabTracing, TestedLabSource } from './tested-lab.ts';

const settings = { ...readRunSettings({}, '/away'), id: 'run' };
const tracing = { file: '/lab.ts', stack: 'default', parameters: {}, mask: async () => (text: string) => text };

/** A lab for a runner, and a test of that, which ends in this way. */
function runner(ends: Partial<ForeignTest> = {}, options: Partial<TestedLabSource> = {}, failing?: string) {
  const { did, source } = notedLab({ tracing: tracing as unknown as LabTracing, ...options }, failing);
  const one: ForeignTest = {
    ...{ name: 'a suite > one', file: '/away/one.test.ts', attempt: 1 },
    note: (text) => did.push(text),
    failure: () => undefined,
    ...ends,
  };
  const give = labForRunner(source, settings);
  return { did, run: (use: () => Promise<void> = async () => undefined) => give(one, use) };
}

const beforeIt = ['apply', 'close default', 'fork ready'];
const afterIt = ['close test', 'close default'];

test('a test has the lab until it is over', async () => {
  const { did, run } = runner();
  await run(async () => void did.push('it runs'));
  assert.deepEqual(did, [...beforeIt, 'it runs', ...afterIt]);
});

test('what a test is given is refused when it is over, by its name', async () => {
  const { source } = notedLab({ tracing: tracing as unknown as LabTracing });
  let kept: { status(): unknown } | undefined;
  const one = { name: 'one', file: '/away/one.test.ts', attempt: 1, note: () => undefined, failure: () => undefined };
  await labForRunner(source, settings)(one, async ({ lab, web }) => {
    assert.equal(typeof web, 'object');
    kept = lab as typeof kept;
  });
  assert.throws(() => kept?.status(), { code: 'test-ended', message: /"one" is over/ });
});

test('a failure that the runner knows is not thrown once more, and what fails after it is', async () => {
  const failed = { failure: () => new Error('the test failed') };
  await runner(failed).run();
  await assert.rejects(runner(failed, {}, 'close test').run(), /^Error: close test failed$/);
});

test('a lab that a test cannot be given is its failure', async () => {
  const { did, run } = runner({}, {}, 'fork ready');
  await assert.rejects(
    run(async () => assert.fail('it ran')),
    /fork ready failed/,
  );
  assert.deepEqual(did, [...beforeIt, 'close default']);
});

test('a test whose time is up while it waits for its lab no longer waits; one that runs is looked at as usual', async () => {
  const time = new AbortController();
  const takeTurn = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      time.abort(new Error('time is up'));
    });
  const waiting = runner({ signal: time.signal }, { isolation: 'restore', takeTurn });
  await assert.rejects(waiting.run(), /time is up/);
  const later = new AbortController();
  const running = runner({ signal: later.signal });
  await running.run(async () => later.abort());
  assert.deepEqual(running.did, [...beforeIt, ...afterIt]);
});
