import type { TestContext } from 'node:test';
import { errorMessage, longestTimerMs, withCleanUp } from '@goqemu/core';
import { ActionLog } from '../record/action-log.ts';
import { asRunning } from '../record/running-test.ts';
import { attachmentFolder, writeAttachment } from './attachments.ts';
import type { TestRun } from './fixtures.ts';
import { lastMark, testTimeout } from './test-errors.ts';
import type { Mark } from './test-types.ts';

/** Gives one run of a test its fixtures; the end of its block takes away what it was given. */
export type PrepareRun<Fixtures> = (run: TestRun) => Promise<PreparedRun<Fixtures>>;

export interface PreparedRun<Fixtures> extends AsyncDisposable {
  readonly fixtures: Fixtures;
}

/** A test, and how it is run. */
export interface TestPlan<Fixtures> {
  readonly name: string;
  readonly file: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly untilFails: number;
  readonly results: string;
  readonly prepare: PrepareRun<Fixtures>;
  readonly body: (fixtures: Fixtures) => unknown;
}

/** Runs a test as often as is asked for; each run begins with the lab as it was. */
export async function runTest<Fixtures>(plan: TestPlan<Fixtures>, t: TestContext): Promise<void> {
  const { retries, untilFails } = plan;
  if (untilFails > 1) return runUntilItFails(plan, t);
  for (let attempt = 1; ; attempt++) {
    try {
      await runOnce(plan, t, attempt > retries);
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
      await runOnce(plan, t, false);
    } catch (error) {
      t.diagnostic(`failed in run ${run} of ${plan.untilFails}`);
      throw error;
    }
  }
  t.diagnostic(`passed in all ${plan.untilFails} runs`);
}

/** @param reported whether its steps are sub-tests */
async function runOnce<Fixtures>(plan: TestPlan<Fixtures>, t: TestContext, reported: boolean): Promise<void> {
  const end = new AbortController();
  const marks: Mark[] = [];
  const actions = new ActionLog();
  const run: TestRun = {
    name: plan.name,
    t,
    marks,
    actions,
    signal: end.signal,
    attach: (name, content) => writeAttachment(attachmentFolder(plan.results, plan.file, plan.name), name, content),
  };
  const prepared = await plan.prepare(run);
  await withCleanUp(
    async () => {
      try {
        await inTime(plan, t.signal, async () =>
          asRunning({ t, reported, actions }, () => plan.body(prepared.fixtures)),
        );
      } catch (error) {
        const where = lastMark(marks, new Date());
        if (where) t.diagnostic(where);
        throw error;
      } finally {
        end.abort();
      }
    },
    async () => prepared[Symbol.asyncDispose](),
  );
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
