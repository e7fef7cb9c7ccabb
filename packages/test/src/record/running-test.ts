import { AsyncLocalStorage } from 'node:async_hooks';
import type { TestContext } from 'node:test';
import type { ActionLog } from './action-log.ts';

/** The test whose body is running. */
export interface RunningTest {
  readonly t: TestContext;
  /** False while the test may run again: `node:test` counts a sub-test that failed, whatever comes after it. */
  readonly reported: boolean;
  readonly actions: ActionLog;
}

const running = new AsyncLocalStorage<RunningTest>();

/** The test from whose body this is called. */
export function runningTest(): RunningTest | undefined {
  return running.getStore();
}

/** Runs the body of a test, so that what it calls knows. */
export function asRunning<T>(test: RunningTest, body: () => T): T {
  return running.run(test, body);
}
