import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TestRun } from './fixtures.ts';
import { readRunSettings } from './run-settings.ts';
import { runTest, type TestPlan } from './run-test.ts';

/** A test whose body is this, with what it did in order. */
function planned(body: (run: TestRun) => unknown, options: Partial<TestPlan<TestRun>> = {}) {
  const did: string[] = [];
  const plan: TestPlan<TestRun> = {
    ...{ name: 'one', file: 'a.test.ts', timeoutMs: 60_000, retries: 0, untilFails: 1, attachments: '/away' },
    ...{ place: undefined, records: readRunSettings({}, '/away') },
    prepare: async (run) => {
      did.push('prepared');
      return {
        fixtures: run,
        [Symbol.asyncDispose]: async () => {
          did.push('taken away');
        },
      };
    },
    body,
    ...options,
  };
  const t = {
    signal: new AbortController().signal,
    diagnostic: (text: string) => did.push(text),
  } as unknown as TestContext;
  return { did, run: () => runTest(plan, t) };
}

test('what a test was given is taken away when it passed, and when it failed', async () => {
  const passing = planned(() => undefined);
  await passing.run();
  assert.deepEqual(passing.did, ['prepared', 'taken away']);
  const failing = planned(() => Promise.reject(new Error('no')));
  await assert.rejects(failing.run(), /^Error: no$/);
  assert.deepEqual(failing.did, ['prepared', 'taken away']);
});

test('a test whose time is up fails by its name, and its signal aborts', async () => {
  let seen: AbortSignal | undefined;
  const hanging = planned(
    ({ signal }) => {
      seen = signal;
      return new Promise(() => undefined);
    },
    { timeoutMs: 20 },
  );
  await assert.rejects(hanging.run(), { code: 'test-timeout', message: 'the test "one" did not end within 20 ms' });
  assert.equal(seen?.aborted, true);
  assert.deepEqual(hanging.did, ['prepared', 'taken away']);
});

test('each retry begins from the start, and one that passes is enough', async () => {
  let runs = 0;
  const flaky = planned(() => assert.equal(++runs, 3), { retries: 5 });
  await flaky.run();
  assert.equal(runs, 3);
  assert.equal(flaky.did.filter((one) => one === 'prepared').length, 3);
  assert.equal(flaky.did.at(-1), 'flaky: passed at attempt 3');
  const broken = planned(() => assert.fail('always'), { retries: 1 });
  await assert.rejects(broken.run(), /always/);
  assert.deepEqual(
    broken.did.filter((one) => /^attempt/.test(one)),
    ['attempt 1 of 2 failed: always'],
  );
});

test('a test that runs until it fails tells in which run that was', async () => {
  let runs = 0;
  const seldom = planned(() => assert.notEqual(++runs, 4), { untilFails: 10 });
  await assert.rejects(seldom.run());
  assert.equal(seldom.did.at(-1), 'failed in run 4 of 10');
});

test('a test that cannot be given its lab does not run', async () => {
  const away = planned(() => assert.fail('it ran'), { prepare: () => Promise.reject(new Error('no lab')) });
  await assert.rejects(away.run(), /no lab/);
});
