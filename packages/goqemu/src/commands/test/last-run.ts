import { join, relative, resolve } from 'node:path';
import { parseJson, readOwnText, writeOwnFile } from '@goqemu/core';
import { z } from 'zod';
import type { RecordedTest } from '../../tests/recorded-test.ts';

/** A test that failed: its file, relative to the working folder, and its names. */
export interface FailedTest {
  readonly file: string;
  readonly path: readonly string[];
}

/** What the next run may ask of this one. */
const lastRun = z.object({
  version: z.literal(1),
  failed: z.array(z.object({ file: z.string(), path: z.array(z.string()) })),
});
type LastRun = z.infer<typeof lastRun>;

/** The folder of results. */
export function resultsFolder(workingFolder: string): string {
  return join(workingFolder, 'test-results');
}

/** The tests that failed in the last run; undefined when there was none, or what is kept of it is damaged. */
export function readLastFailed(workingFolder: string): readonly FailedTest[] | undefined {
  const kept = lastRun.safeParse(parseJson(readOwnText(lastRunFile(workingFolder)) ?? ''));
  return kept.success ? kept.data.failed : undefined;
}

/** Keeps which tests failed: of the tests inside a test the outermost, of a suite those in it. */
export async function writeLastRun(workingFolder: string, tests: readonly RecordedTest[]): Promise<void> {
  const file = lastRunFile(workingFolder);
  const failed = tests
    .filter(({ status }) => status === 'failed')
    .map(({ file: from, path, suite }) => ({
      file: relative(workingFolder, from),
      path: path.map(withoutRepeat),
      suite,
    }));
  const within = (one: FailedTest, other: FailedTest) =>
    one.file === other.file && one.path.length > other.path.length && startsWith(one, other);
  const again = failed
    .filter((one) => !failed.some((other) => (one.suite ? within(other, one) : !other.suite && within(one, other))))
    .map(({ file: from, path }) => ({ file: from, path }));
  await writeOwnFile(file, `${JSON.stringify({ version: 1, failed: again } satisfies LastRun, null, 2)}\n`);
}

/** Absolute. */
export function fileOf({ file }: FailedTest, workingFolder: string): string {
  return resolve(workingFolder, file);
}

function startsWith({ path }: FailedTest, { path: start }: FailedTest): boolean {
  return start.every((name, index) => path[index] === name);
}

/** `goqemu test --repeat` numbers the runs of a test. */
function withoutRepeat(name: string): string {
  return name.replace(/ \[\d+\/\d+\]$/, '');
}

function lastRunFile(workingFolder: string): string {
  return join(resultsFolder(workingFolder), '.last-run.json');
}
