import { AsyncLocalStorage } from 'node:async_hooks';

const steps = new AsyncLocalStorage<number>();

/** The step from whose body this is called, by its number among the actions of the test. */
export function currentStep(): number | undefined {
  return steps.getStore();
}

/** Runs the body of a step, so that what it does is a part of it. */
export function inStep<T>(n: number, body: () => T): T {
  return steps.run(n, body);
}
