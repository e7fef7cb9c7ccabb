import { printable, visibleWord } from '@goqemu/core';
import type { ReportData, ReportTest } from './report-data.ts';

/** Annotations that GitHub shows for a step: more of them are dropped there. */
const mostAnnotations = 10;
/** GitHub takes a summary of 1 MiB. */
const longestSummary = 900_000;
const longestError = 4000;

/**
 * A workflow command for each test that failed, so that it stands at its line in the pull request.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 *
 * @param rooted a file's path from the root of the repository
 */
export function githubAnnotations({ tests }: ReportData, rooted: (file: string) => string): readonly string[] {
  return tests
    .filter(({ status }) => status === 'failed')
    .slice(0, mostAnnotations)
    .map((test) => {
      const { file, line } = placeOf(test);
      const message = printable(errorText(test)).slice(0, longestError);
      const properties = {
        file: rooted(file),
        ...(line === undefined ? {} : { line: String(line) }),
        title: titleOf(test),
      };
      const words = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`);
      return `::error ${words.join(',')}::${data(message)}`;
    });
}

/** The failure's own line where that is in the test's file. */
function placeOf({ file, line, attempts, error }: ReportTest): {
  readonly file: string;
  readonly line: number | undefined;
} {
  const place = attempts.at(-1)?.error?.place ?? error?.place;
  return { file, line: place?.line ?? line };
}

/** Markdown for `GITHUB_STEP_SUMMARY`. */
export function githubSummary({ tests, durationMs }: ReportData): string {
  const count = (status: ReportTest['status']) => tests.filter((test) => test.status === status).length;
  const failed = tests.filter(({ status }) => status === 'failed');
  const flaky = tests.filter(({ status, attempts }) => status === 'passed' && attempts.length > 1);
  const parts = (['passed', 'failed', 'skipped', 'todo'] as const).filter((status) => count(status) > 0);
  const lines = [
    `### ${failed.length > 0 ? '❌' : '✅'} ${parts.map((status) => `${count(status)} ${status}`).join(', ') || 'no tests'} in ${Math.round(durationMs / 100) / 10} s`,
    '',
    ...failed.map(failure),
    ...(flaky.length > 0
      ? ['Passed at a later attempt:', '', ...flaky.map((test) => `- ${html(titleOf(test))}`), '']
      : []),
  ];
  const text = lines.join('\n');
  return text.length <= longestSummary ? text : `${text.slice(0, longestSummary)}\n\n… the rest is left out.\n`;
}

function failure(test: ReportTest): string {
  const { file, line } = placeOf(test);
  const trace = test.attempts.at(-1)?.trace;
  const enter = trace === undefined ? '' : `<p><code>goqemu trace open ${html(trace)}</code></p>\n`;
  return `<details><summary>❌ ${html(titleOf(test))} <code>${html(file)}${line === undefined ? '' : `:${line}`}</code></summary>\n\n<pre>${html(printable(errorText(test)).slice(0, longestError))}</pre>\n${enter}</details>\n`;
}

function titleOf({ path }: ReportTest): string {
  return visibleWord(path.join(' › '));
}

function errorText({ attempts, error }: ReportTest): string {
  const known = attempts.at(-1)?.error ?? error;
  return [known?.message ?? 'it failed', known?.detail, known?.hint && `hint: ${known.hint}`]
    .filter(Boolean)
    .join('\n');
}

/** Text in HTML, and in a `pre` of Markdown. */
function html(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
