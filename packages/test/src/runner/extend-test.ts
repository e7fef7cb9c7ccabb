import { afterCleanUp } from '@goqemu/core';
import { baseFixtures, labFixtures, type TestRun } from './fixtures.ts';
import { LabLeases } from './lab-leases.ts';
import { labTest } from './lab-test.ts';
import type { RunSettings } from './run-settings.ts';
import type { BaseFixtures, LabTest } from './test-types.ts';
import type { TestedLabSource } from './tested-lab.ts';

/** A `test` without a lab. */
export function baseTest(settings: RunSettings): LabTest<BaseFixtures> {
  return labTest(
    async (run) => ({ fixtures: baseFixtures(run), [Symbol.asyncDispose]: async () => undefined }),
    settings,
  );
}

/** A `test` whose tests get a lab as it was, and what is in it. */
export function testOn<Fixtures>(source: TestedLabSource, settings: RunSettings): LabTest<Fixtures> {
  const leases = new LabLeases(source, settings);
  return labTest(async (run: TestRun) => {
    const lease = await leases.lease(run.t.signal);
    try {
      const fixtures = labFixtures(run, source.fixture, lease) as Fixtures;
      return { fixtures, [Symbol.asyncDispose]: async () => lease[Symbol.asyncDispose]() };
    } catch (error) {
      throw await afterCleanUp(error, async () => lease[Symbol.asyncDispose]());
    }
  }, settings);
}
