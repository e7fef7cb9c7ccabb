import { afterCleanUp } from '@goqemu/core';
import type { RecordedEvent } from '../record/test-record.ts';
import { LabTrace } from '../trace/lab-trace.ts';
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
    const events: RecordedEvent[] = [];
    const lease = await leases.lease(run.t.signal, (event) => events.push(event));
    try {
      const fixtures = labFixtures(run, source.fixture, lease) as Fixtures;
      const trace = await LabTrace.of({ source, lease, events, probed: run.probed });
      return { fixtures, trace, [Symbol.asyncDispose]: async () => lease[Symbol.asyncDispose]() };
    } catch (error) {
      throw await afterCleanUp(error, async () => lease[Symbol.asyncDispose]());
    }
  }, settings);
}
