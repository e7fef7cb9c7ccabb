import type { TestContext } from 'node:test';
import { errorMessage, longestTimerMs } from '@goqemu/core';
import { asRunning } from '../record/running-test.ts';
import type { RunnerTest } from './fixtures.ts';
import { type PreparedPlan, runPrepared } from './run-prepared.ts';
import { testTimeout } from './test-errors.ts';

/** A test, and how it is run. */
export interface TestPlan<Fixtures> extends PreparedPlan<Fixtures> {
  readonly timeoutMs: number;
  readonly retries: number;
  readonly untilFails: number;
  readonly body: (fixtures: Fixtures) => unknown;
}

/** Runs a test as often as is asked for; each run begins with the lab as it was. */
export async function runTest<Fixtures>(plan: TestPlan<Fixtures>, t: TestContext): Promise<void> {
  const { retries, untilFails } = plan;
  if (untilFails > 1) return runUntilItFails(plan, t);
  for (let attempt = 1; ; attempt++) {
    try {
      await runOnce(plan, t, { attempt, reported: attempt > retries });
      if (attempt > 1) t.diagnostic(`flaky: passed at attempt ${attempt}`);
      return;
    } catch (error) {
      if (attempt > retries || t.signal.aborted) throw error;
      t.diagnostic(`attempt ${attempt} of ${retries + 1} failed: ${errorMessage(error)}`);
    }
  }
}

async function runUntilItFails<Fixtures>(plan: TestPlan<Fixtures>, t: TestContext): Promise<void> {
  for (let run = 1; run <= plan.untilFails; run++) {
    try {
      await runOnce(plan, t, { attempt: run, reported: false });
    } catch (error) {
      t.diagnostic(`failed in run ${run} of ${plan.untilFails}`);
      throw error;
    }
  }
  t.diagnostic(`passed in all ${plan.untilFails} runs`);
}

async function runOnce<Fixtures>(plan: TestPlan<Fixtures>, t: TestContext, { attempt, reported }: Attempt) {
  const test: RunnerTest = {
    ...{ title: t.name, cancelled: t.signal, own: { t } },
    note: (text) => t.diagnostic(text),
  };
  await runPrepared(plan, { test, attempt }, ({ fixtures, actions }) =>
    inTime(plan, t.signal, async () => asRunning({ t, reported, actions }, () => plan.body(fixtures))),
  );
}

interface Attempt {
  readonly attempt: number;
  /** Whether its steps are sub-tests. */
  readonly reported: boolean;
}

/** What does not end is left behind: its machines are taken away from it. */
async function inTime(
  { name, timeoutMs }: Pick<TestPlan<unknown>, 'name' | 'timeoutMs'>,
  signal: AbortSignal,
  body: () => Promise<unknown>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let cancel = () => {};
  const given = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(testTimeout(name, timeoutMs)), Math.min(timeoutMs, longestTimerMs));
    cancel = () => reject(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
  });
  try {
    await Promise.race([body(), given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}
