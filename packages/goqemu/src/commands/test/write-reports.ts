import { appendFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { writeFileAtomic } from '@goqemu/core';
import { type TestRecord, traceSuffix } from '@goqemu/test/process';
import { githubAnnotations, githubSummary, htmlReport, junitReport, reportData } from '@goqemu/test/report';
import type { CommandContext } from '../../shell/command-context.ts';
import type { RecordedTest } from '../../tests/recorded-test.ts';
import type { Reporters } from './choose-reporters.ts';
import { resultDocument } from './report-results.ts';

/** What a run came to. */
export interface RunResults {
  readonly tests: readonly RecordedTest[];
  readonly records: readonly TestRecord[];
  readonly startedAt: number;
}

/** Writes what goqemu reports itself; Node's reporters have written theirs. */
export async function writeReports(
  context: CommandContext,
  { json, junit, html, github }: Reporters,
  { tests, records, startedAt }: RunResults,
): Promise<void> {
  const { workingFolder, platform } = context.shell;
  const document = resultDocument(tests, workingFolder);
  for (const destination of json) {
    if (destination === 'stdout') context.printJson(document);
    else await writeFileAtomic(destination, `${JSON.stringify(document, null, 2)}\n`);
  }
  if (html.length + junit.length === 0 && !github) return;
  const data = reportData({
    ...{ tests: tests.filter(({ suite }) => !suite), records, startedAt, durationMs: Date.now() - startedAt },
    nameOf: (file) => relative(workingFolder, file),
    traceOf: (path) => basename(path).slice(0, -traceSuffix.length),
  });
  for (const destination of junit) {
    if (destination === 'stdout') context.print(junitReport(data));
    else await writeFileAtomic(destination, junitReport(data));
  }
  for (const destination of html) {
    await writeFileAtomic(destination, htmlReport(data));
    context.tell(`report: ${relative(workingFolder, destination)}`);
  }
  if (!github) return;
  const { GITHUB_WORKSPACE: root = workingFolder, GITHUB_STEP_SUMMARY: summary } = platform.env;
  const rooted = (file: string) => relative(root, `${workingFolder}/${file}`).replaceAll('\\', '/');
  // GitHub reads commands from either output; the result on standard output stays a document.
  for (const line of githubAnnotations(data, rooted)) context.shell.stderr.write(`${line}\n`);
  if (summary) await appendFile(summary, githubSummary(data));
}
