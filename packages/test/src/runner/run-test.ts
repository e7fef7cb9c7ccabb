import type { TestContext } from 'node:test';
import { errorMessage, longestTimerMs, withCleanUp } from '@goqemu/core';
import { type RecordedPlan, Recording } from '../record/recording.ts';
import { asRunning } from '../record/running-test.ts';
import type { LabTrace } from '../trace/lab-trace.ts';
import { attachmentFolder, writeAttachment } from './attachments.ts';
import type { TestRun } from './fixtures.ts';
import { lastMark, testTimeout } from './test-errors.ts';
import type { Mark } from './test-types.ts';

/** Gives one run of a test its fixtures; the end of its block takes away what it was given. */
export type PrepareRun<Fixtures> = (run: TestRun) => Promise<PreparedRun<Fixtures>>;

export interface PreparedRun<Fixtures> extends AsyncDisposable {
  readonly fixtures: Fixtures;
  /** Of a test on a lab. */
  readonly trace?: LabTrace;
}

/** A test, and how it is run. */
export interface TestPlan<Fixtures> extends RecordedPlan {
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

interface Attempt {
  readonly attempt: number;
  /** Whether its steps are sub-tests. */
  readonly reported: boolean;
}

async function runOnce<Fixtures>(plan: TestPlan<Fixtures>, t: TestContext, { attempt, reported }: Attempt) {
  const end = new AbortController();
  const marks: Mark[] = [];
  const recording = new Recording(plan, t.name, attempt);
  const { actions } = recording;
  const run: TestRun = {
    ...{ name: plan.name, t, marks, actions, probed: new Map(), signal: end.signal },
    attach: (name, content) => writeAttachment(attachmentFolder(plan.results, plan.file, plan.name), name, content),
  };
  const body = async (prepared: PreparedRun<Fixtures>) => {
    recording.prepared(prepared.trace);
    try {
      await inTime(plan, t.signal, async () => asRunning({ t, reported, actions }, () => plan.body(prepared.fixtures)));
    } catch (error) {
      const where = lastMark(marks, new Date());
      if (where) t.diagnostic(where);
      end.abort();
      const trace = t.signal.aborted ? undefined : await recording.leaveTrace(error);
      if (trace) t.diagnostic(trace);
      throw error;
    } finally {
      end.abort();
    }
  };
  await recording.whole(async () => {
    const prepared = await plan.prepare(run);
    await withCleanUp(
      () => body(prepared),
      async () => prepared[Symbol.asyncDispose](),
    );
  });
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
