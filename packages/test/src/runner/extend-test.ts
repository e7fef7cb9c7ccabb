import { afterCleanUp } from '@goqemu/core';
import type { RecordedEvent } from '../record/test-record.ts';
import { LabTrace } from '../trace/lab-trace.ts';
import { baseFixtures, labFixtures, type TestRun } from './fixtures.ts';
import { LabLeases } from './lab-leases.ts';
import { labTest } from './lab-test.ts';
import type { PrepareRun } from './run-prepared.ts';
import type { RunSettings } from './run-settings.ts';
import type { BaseFixtures, LabTest } from './test-types.ts';
import type { TestedLabSource } from './tested-lab.ts';

/** A `test` without a lab. */
export function baseTest(settings: RunSettings): LabTest<BaseFixtures> {
  const prepare = async (run: TestRun) => ({
    fixtures: baseFixtures(run) as BaseFixtures,
    [Symbol.asyncDispose]: async () => undefined,
  });
  return labTest([{ suffix: '', prepare }], settings);
}

/** A lab that tests run on, and what of its name tells it from others of a matrix. */
export interface LabVariant {
  /** Follows the names of tests: ` [image=debian-13]`; empty where there is no matrix. */
  readonly suffix: string;
  readonly source: TestedLabSource;
}

/** A `test` whose tests get a lab as it was, and what is in it: one test for each of these labs. */
export function testOn<Fixtures>(labs: readonly LabVariant[], settings: RunSettings): LabTest<Fixtures> {
  return labTest(
    labs.map(({ suffix, source }) => ({ suffix, prepare: onLab<Fixtures>(source, new LabLeases(source, settings)) })),
    settings,
  );
}

/** Gives a test the lab as it was, and what is in it. */
export function onLab<Fixtures>(source: TestedLabSource, leases: LabLeases): PrepareRun<Fixtures> {
  return async (run) => {
    const events: RecordedEvent[] = [];
    const lease = await leases.lease(run.test.cancelled, (event) => events.push(event));
    try {
      const fixtures = labFixtures(run, source.fixture, lease) as Fixtures;
      const trace = await LabTrace.of({ source, lease, events, probed: run.probed });
      return { fixtures, trace, [Symbol.asyncDispose]: async () => lease[Symbol.asyncDispose]() };
    } catch (error) {
      throw await afterCleanUp(error, async () => lease[Symbol.asyncDispose]());
    }
  };
}
