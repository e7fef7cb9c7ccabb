import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileText, reportOf } from '../fixture/report-data.fixture.ts';
import type { TestRecord } from '../record/test-record.ts';
import { githubAnnotations, githubSummary } from './github-report.ts';
import { embedded, htmlReport } from './html-report.ts';
import { junitReport } from './junit-report.ts';
import { type ReportedTest, type ReportTest, reportData } from './report-data.ts';

const reported = (path: string[], more: Partial<ReportedTest> = {}): ReportedTest => ({
  ...{ file: '/shop/a.test.ts', line: 3, path, status: 'passed', durationMs: 1, notes: [], ...more },
});
const recorded = (name: string, attempt: number, more: Partial<TestRecord> = {}): TestRecord => ({
  ...{ version: 1, run: 'abc', worker: 1, file: '/shop/a.test.ts', line: 3, name, attempt, startedAt: attempt },
  ...{ durationMs: 1, result: 'passed', actions: [], ...more },
});

test('a test has all its attempts, one that is registered twice its own, and steps are no tests', () => {
  const { tests } = reportData({
    tests: [
      reported(['one', 'a step']),
      reported(['one']),
      reported(['a suite', 'one']),
      reported(['plain', 'inner']),
      reported(['plain'], { status: 'failed' }),
    ],
    records: [recorded('one', 2), recorded('one', 1), recorded('one', 1, { startedAt: 9, trace: '/t/x.trace.jsonl' })],
    ...{ startedAt: 0, durationMs: 1, nameOf: (file: string) => file.slice(6), traceOf: () => 'x' },
  });
  assert.deepEqual(
    tests.map(({ id, attempts }) => [id, attempts.map(({ attempt, trace }) => [attempt, trace])]),
    [
      [
        'a.test.ts > one',
        [
          [1, undefined],
          [2, undefined],
        ],
      ],
      ['a.test.ts > a suite > one', [[1, 'x']]],
      ['a.test.ts > plain > inner', []],
      ['a.test.ts > plain', []],
    ],
  );
});

test('what tests print ends no element of the page and begins none', () => {
  const page = htmlReport(reportOf(4));
  assert.equal(page.match(/<\/script>/g)?.length, 2);
  assert.doesNotMatch(page, /<img/);
  assert.deepEqual(JSON.parse(embedded({ hostileText })), { hostileText });
  assert.doesNotMatch(embedded({ hostileText }), /[<>&\u2028]/);
});

function failing(path: readonly string[], message: string): ReportTest {
  return {
    ...reported([...path], { status: 'failed', error: { message } }),
    id: 'x',
    file: 'a,b.test.ts',
    attempts: [],
  };
}

test('an annotation is one line, whatever a test is called and prints', () => {
  const data = { startedAt: 0, durationMs: 1, tests: [failing(['a: b,\n::error::x'], '100%\n::set-env name=x::y\r')] };
  assert.deepEqual(
    githubAnnotations(data, (file) => `sub/${file}`),
    [
      String.raw`::error file=sub/a%2Cb.test.ts,line=3,title=a%3A b%2C\u{a}%3A%3Aerror%3A%3Ax::100%25%0A::set-env name=x::y\u{d}`,
    ],
  );
});

test('a summary counts, and shows failures as text', () => {
  const summary = githubSummary({
    ...reportOf(12),
    tests: [failing([hostileText], hostileText), ...reportOf(12).tests],
  });
  assert.match(summary, /^### ❌ \d+ passed, 3 failed, 1 skipped in \d/);
  assert.doesNotMatch(summary, /<script|<img/);
  assert.match(summary, /Passed at a later attempt:\n\n- the site survives/);
});

test('JUnit XML has a suite for each file, and is well-formed whatever tests print', () => {
  const text = junitReport({
    ...reportOf(12),
    tests: [failing([hostileText], `\u0000]]>${hostileText}`), ...reportOf(12).tests],
  });
  assert.match(text, /<testsuites tests="13" failures="3" skipped="1" time="15\.000">/);
  assert.match(text, /<testsuite name="upgrade\.lab\.test\.ts" tests="3" failures="1"/);
  assert.match(
    text,
    /<testcase name="a suite of them &gt; a disk that is full" classname="\w+\.lab\.test\.ts" file="[^"]*" line="6" time="[\d.]+"\/>/,
  );
  assert.match(
    text,
    /<failure message="expect\(web\.unit\(&quot;nginx&quot;\)\)\.toBeActive\(\)" type="expectation-failed">/,
  );
  const tags = [...text.replace(/^<\?.*\?>/, '').matchAll(/<(\/?)([a-z-]+)(?: [a-z]+="[^"<]*")*(\/?)>/g)];
  assert.equal(text.match(/</g)?.length, tags.length + 1, 'each "<" begins a tag');
  const open: string[] = [];
  for (const [, end, name = '', empty] of tags) {
    if (end) assert.equal(open.pop(), name);
    else if (!empty) open.push(name);
  }
  assert.deepEqual(open, []);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has none
  assert.doesNotMatch(text, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
});
