import { AsyncLocalStorage } from 'node:async_hooks';
import type { TestContext } from 'node:test';
import { callAt, placeOfCall } from './place.ts';

/** The test whose body is running. */
interface Current {
  readonly t: TestContext;
  /** False while the test may run again: `node:test` counts a sub-test that failed, whatever comes after it. */
  readonly reported: boolean;
}

const running = new AsyncLocalStorage<Current>();

/** Runs the body of a test, so that `step` finds it. */
export function asCurrent<T>(current: Current, body: () => T): T {
  return running.run(current, body);
}

/** Runs a part of the test that runs as a sub-test of its own, and gives what it returned. */
export async function step<T>(name: string, body: () => T | Promise<T>): Promise<T> {
  const current = running.getStore();
  if (!current) throw new Error(`test.step(${JSON.stringify(name)}) was called outside of a test`);
  if (!current.reported) {
    current.t.diagnostic(`step: ${name}`);
    return await body();
  }
  let ended: { readonly value: T } | { readonly error: unknown } | undefined;
  const register: (name: string, body: (t: TestContext) => Promise<void>) => Promise<void> = current.t.test.bind(
    current.t,
  );
  await callAt(placeOfCall(step), register, name, async (t) => {
    try {
      ended = { value: await asCurrent({ ...current, t }, body) };
    } catch (error) {
      ended = { error };
      throw error;
    }
  });
  if (!ended) return await body(); // it was filtered by its name, and is a part of a test that was not
  if ('error' in ended) throw ended.error;
  return ended.value;
}
