import type { TestContext } from 'node:test';
import { inStep } from '../record/current-step.ts';
import { asRunning, type RunningTest, runningTest } from '../record/running-test.ts';
import { callAt, placeOfCall, type TestPlace } from './place.ts';

/** Runs a part of the test that runs as a sub-test of its own, and gives what it returned. */
export async function step<T>(name: string, body: () => T | Promise<T>): Promise<T> {
  const current = runningTest();
  if (!current) throw new Error(`test.step(${JSON.stringify(name)}) was called outside of a test`);
  const place = placeOfCall(step);
  return current.actions.perform({ kind: 'step', title: name }, (n) => {
    const inside = () => inStep(n, body);
    if (current.reported) return reported(current, { name, place, body: inside });
    current.t.diagnostic(`step: ${name}`);
    return (async () => inside())(); // what it throws is a rejection
  });
}

interface Step<T> {
  readonly name: string;
  readonly place: TestPlace | undefined;
  readonly body: () => T | Promise<T>;
}

async function reported<T>(current: RunningTest, { name, place, body }: Step<T>): Promise<T> {
  let ended: { readonly value: T } | { readonly error: unknown } | undefined;
  const register: (name: string, body: (t: TestContext) => Promise<void>) => Promise<void> = current.t.test.bind(
    current.t,
  );
  await callAt(place, register, name, async (t) => {
    try {
      ended = { value: await asRunning({ ...current, t }, body) };
    } catch (error) {
      ended = { error };
      throw error;
    }
  });
  if (!ended) return await body(); // it was filtered by its name, and is a part of a test that was not
  if ('error' in ended) throw ended.error;
  return ended.value;
}
