import { relative } from 'node:path';
import { asGoqemuError, printable, type SourceLocation } from '@goqemu/core';
import { withLabHint } from './lab-hints.ts';
import type { Style } from './style.ts';

export interface ErrorRendering {
  readonly style: Style;
  /** Files are named relative to it. */
  readonly workingFolder: string;
  /** Stacks too. */
  readonly debug: boolean;
  /** The debug log, where there is one. */
  readonly logPath?: string | undefined;
}

/** What an error says: an Error of any kind, or the report of one that an event carries. */
export interface ErrorFacts {
  readonly code?: string | undefined;
  readonly source?: string | undefined;
  readonly message: string;
  readonly subject?: string | undefined;
  readonly location?: SourceLocation | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** An error in human-readable form: what, where, why, and what to do next. */
export function renderError(error: unknown, rendering: ErrorRendering): string {
  const lines = [renderErrorFacts(asGoqemuError(withLabHint(error)), rendering)];
  if (rendering.debug && error instanceof Error) lines.push(stackOf(error, rendering.style));
  if (rendering.logPath) lines.push(`  ${rendering.style.dim(`log: ${rendering.logPath}`)}`);
  return `${lines.join('\n')}\n`;
}

/** The same for an error that arrived as data. */
export function renderErrorFacts(facts: ErrorFacts, { style, workingFolder }: ErrorRendering): string {
  const subject = facts.subject && !facts.message.includes(facts.subject) ? `${facts.subject}: ` : '';
  const code = facts.code ? ` ${style.dim(`[${facts.code}]`)}` : '';
  const lines = [`${style.red(style.bold('error'))}: ${subject}${printable(facts.message)}${code}`];
  if (facts.location) lines.push(`  ${style.cyan(place(facts.location, workingFolder))}`);
  if (facts.detail) lines.push(indent(printable(facts.detail)));
  if (facts.hint) lines.push(`  ${style.bold('next')}: ${printable(facts.hint)}`);
  return lines.join('\n');
}

/** `lab.ts:3:5`, the form that terminals and editors make a link of. */
export function place(location: SourceLocation, workingFolder: string): string {
  const near = relative(workingFolder, location.file);
  const file = near !== '' && !near.startsWith('..') ? near : location.file;
  return [file, location.line, location.column].filter((part) => part !== undefined).join(':');
}

function indent(text: string): string {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
}

function stackOf(error: Error, style: Style): string {
  const lines = [error.stack ?? error.message];
  for (let cause = error.cause; cause instanceof Error && lines.length < 8; cause = cause.cause)
    lines.push(`caused by ${cause.stack ?? cause.message}`);
  return style.dim(indent(lines.join('\n')));
}
