import { printable, visibleWord } from '@goqemu/core';
import type { ReportData, ReportTest } from './report-data.ts';

/**
 * JUnit XML as CI systems read it: a suite for each file, a case for each test. Node's own reporter of that name is not used:
 * with `--test-force-exit` it leaves its file unfinished (Node.js 20).
 */
export function junitReport({ tests, durationMs }: ReportData): string {
  const files = new Map<string, ReportTest[]>();
  for (const test of tests) files.set(test.file, [...(files.get(test.file) ?? []), test]);
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<testsuites ${counts(tests)} time="${seconds(durationMs)}">`,
    ...[...files].flatMap(([file, own]) => [
      `  <testsuite name="${xml(file)}" ${counts(own)} time="${seconds(own.reduce((sum, one) => sum + one.durationMs, 0))}">`,
      ...own.flatMap(testCase),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(test: ReportTest): readonly string[] {
  const { path, file, line, durationMs, status, notes } = test;
  const words = {
    name: path.join(' > '),
    classname: file,
    file,
    ...(line === undefined ? {} : { line: String(line) }),
  };
  const attributes = Object.entries(words).map(([name, value]) => `${name}="${xml(visibleWord(value))}"`);
  const inside = [
    ...(status === 'failed' ? [failure(test)] : []),
    ...(status === 'skipped' || status === 'todo' ? [`<skipped message="${status}"/>`] : []),
    ...(notes.length > 0 ? [`<system-out>${xml(printable(notes.join('\n')))}</system-out>`] : []),
  ];
  const open = `    <testcase ${attributes.join(' ')} time="${seconds(durationMs)}"`;
  return inside.length === 0 ? [`${open}/>`] : [`${open}>`, ...inside.map((one) => `      ${one}`), '    </testcase>'];
}

function failure({ attempts, error }: ReportTest): string {
  const known = attempts.at(-1)?.error ?? error;
  const message = known?.message ?? 'it failed';
  const text = [message, known?.detail, known?.hint && `hint: ${known.hint}`, known?.stack]
    .filter(Boolean)
    .join('\n\n');
  const [first = ''] = message.split('\n');
  return `<failure message="${xml(visibleWord(first))}" type="${xml(known?.code ?? 'failed')}">${xml(printable(text))}</failure>`;
}

function counts(tests: readonly ReportTest[]): string {
  const of = (...statuses: readonly ReportTest['status'][]) =>
    tests.filter(({ status }) => statuses.includes(status)).length;
  return `tests="${tests.length}" failures="${of('failed')}" skipped="${of('skipped', 'todo')}"`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** XML 1.0 has no way to write most controls; they are visible here already. */
function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character).replace(/[\ufffe\uffff]/g, '\ufffd');
}
