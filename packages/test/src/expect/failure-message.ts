import { formatDuration } from '@goqemu/core';
import { shortLine, shortLines } from './bounded.ts';
import type { Evidence } from './question.ts';

export interface Failure {
  readonly expectation: string;
  readonly expected: string;
  readonly got: string;
  readonly waitedMs: number;
  readonly attempts: number;
  readonly evidence: Evidence | undefined;
}

/** What the person who runs the test reads. All that comes from a guest is made harmless and short here. */
export function failureMessage({ expectation, expected, got, waitedMs, attempts, evidence }: Failure): string {
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  const lines = [
    expectation,
    '',
    `expected: ${shortLine(expected)}`,
    `got:      ${shortLine(got)}`,
    `waited:   ${formatDuration(waitedMs)}, asked ${times}`,
  ];
  if (evidence && evidence.text.trim() !== '')
    lines.push(
      '',
      `${shortLine(evidence.title)}:`,
      ...shortLines(evidence.text, evidence.from).map((line) => `  ${line}`),
    );
  return lines.map((line) => line.trimEnd()).join('\n');
}
