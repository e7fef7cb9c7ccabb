import { resolve } from 'node:path';
import { withCleanUp } from '@goqemu/core';
import type { ActionLog } from '../record/action-log.ts';
import { type RecordedPlan, Recording } from '../record/recording.ts';
import type { LabTrace } from '../trace/lab-trace.ts';
import { writeAttachment } from './attachments.ts';
import type { RunnerTest, TestRun } from './fixtures.ts';
import { lastMark } from './test-errors.ts';
import type { Mark } from './test-types.ts';

/** Gives one run of a test its fixtures; the end of its block takes away what it was given. */
export type PrepareRun<Fixtures> = (run: TestRun) => Promise<PreparedRun<Fixtures>>;

export interface PreparedRun<Fixtures> extends AsyncDisposable {
  readonly fixtures: Fixtures;
  /** Of a test on a lab. */
  readonly trace?: LabTrace;
}

/** A test, and what each of its runs is given. */
export interface PreparedPlan<Fixtures> extends RecordedPlan {
  /** Absolute: the folder of its attachments. */
  readonly attachments: string;
  readonly prepare: PrepareRun<Fixtures>;
}

/** What the body of a test has. */
export interface RunBody<Fixtures> {
  readonly fixtures: Fixtures;
  readonly actions: ActionLog;
}

/** Runs a test once, with what it is to be given: then that is taken away, and of a failure there is a trace. */
export async function runPrepared<Fixtures>(
  plan: PreparedPlan<Fixtures>,
  { test, attempt }: { readonly test: RunnerTest; readonly attempt: number },
  body: (given: RunBody<Fixtures>) => Promise<unknown>,
): Promise<void> {
  const end = new AbortController();
  const marks: Mark[] = [];
  const recording = new Recording(plan, test.title, attempt);
  const { actions } = recording;
  const run: TestRun = {
    ...{ name: plan.name, test, marks, actions, probed: new Map(), signal: end.signal },
    file: plan.place?.file ?? resolve(plan.file),
    attach: (name, content) => writeAttachment(plan.attachments, name, content),
  };
  const inPrepared = async ({ fixtures, trace: lab }: PreparedRun<Fixtures>) => {
    recording.prepared(lab);
    try {
      await body({ fixtures, actions });
    } catch (error) {
      const where = lastMark(marks, new Date());
      if (where) test.note(where);
      end.abort();
      const trace = test.cancelled.aborted ? undefined : await recording.leaveTrace(error);
      if (trace) test.note(trace.text, trace.path);
      throw error;
    } finally {
      end.abort();
      await recording.settle();
    }
  };
  await recording.whole(async () => {
    const prepared = await plan.prepare(run);
    await withCleanUp(
      () => inPrepared(prepared),
      async () => prepared[Symbol.asyncDispose](),
    );
  });
}
