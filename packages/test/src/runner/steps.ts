import type { TestContext } from 'node:test';
import { asRunning, type RunningTest, runningTest } from '../record/running-test.ts';
import { callAt, placeOfCall, type TestPlace } from './place.ts';

/** Runs a part of the test that runs as a sub-test of its own, and gives what it returned. */
export async function step<T>(name: string, body: () => T | Promise<T>): Promise<T> {
  const current = runningTest();
  if (!current) throw new Error(`test.step(${JSON.stringify(name)}) was called outside of a test`);
  const place = placeOfCall(step);
  return current.actions.perform({ kind: 'step', title: name }, (n) => {
    const inside = { ...current, step: n };
    if (current.reported) return reported(inside, { name, place, body });
    current.t.diagnostic(`step: ${name}`);
    return asRunning(inside, async () => body());
  });
}

interface Step<T> {
  readonly name: string;
  readonly place: TestPlace | undefined;
  readonly body: () => T | Promise<T>;
}

async function reported<T>(inside: RunningTest, { name, place, body }: Step<T>): Promise<T> {
  let ended: { readonly value: T } | { readonly error: unknown } | undefined;
  const register: (name: string, body: (t: TestContext) => Promise<void>) => Promise<void> = inside.t.test.bind(
    inside.t,
  );
  await callAt(place, register, name, async (t) => {
    try {
      ended = { value: await asRunning({ ...inside, t }, body) };
    } catch (error) {
      ended = { error };
      throw error;
    }
  });
  if (!ended) return await asRunning(inside, body); // it was filtered by its name, and is a part of a test that was not
  if ('error' in ended) throw ended.error;
  return ended.value;
}
