import { formatByteSize, formatDuration, visible } from '@goqemu/core';
import {
  countChanges,
  type Operation,
  type Plan,
  type PlanNotice,
  type Preflight,
  type PropertyChange,
  titleOf,
} from '@goqemu/lab';
import { sizeProperties } from '@goqemu/spec';
import { actionName, actionSign } from './operation-words.ts';
import { place } from './render-error.ts';
import type { Style } from './style.ts';

export interface PlanRendering {
  readonly style: Style;
  readonly workingFolder: string;
  /** Reused layers and places in the lab too. */
  readonly verbose: boolean;
}

/** A plan in human-readable form: what would be done, why, what differs, and about how long it takes. */
export function renderPlan(plan: Plan, rendering: PlanRendering): string {
  const { style, verbose } = rendering;
  const shown = plan.operations.filter(
    (operation) => verbose || operation.action !== 'reuse' || operation.diff.length > 0,
  );
  const lines: string[] = [];
  const notices: readonly (PlanNotice & Partial<Preflight>)[] = [...plan.notices, ...plan.preflight];
  for (const notice of notices) {
    const failing = notice.severity === 'error';
    lines.push(
      `${failing ? style.red('problem') : style.yellow('notice')}: ${notice.message}${notice.hint ? `; ${notice.hint}` : ''}`,
    );
    if (notice.location) lines.push(`  ${style.cyan(place(notice.location, rendering.workingFolder))}`);
  }
  if (countChanges(plan) === 0) {
    lines.push(nothingToDo(plan));
    return `${lines.join('\n')}\n`;
  }
  if (lines.length > 0) lines.push('');
  const resourceWidth = Math.min(40, Math.max(...shown.map((operation) => titleOf(operation).length)));
  for (const operation of shown) {
    const estimate =
      operation.estimateMs === undefined ? '' : style.dim(` (about ${formatDuration(operation.estimateMs)})`);
    lines.push(
      `  ${actionSign(operation.action, style)} ${actionName(operation.action, style, 7)}  ${style.bold(titleOf(operation).padEnd(resourceWidth))}  ${operation.reason}${estimate}`,
    );
    if (verbose && operation.location)
      lines.push(`      ${style.dim(place(operation.location, rendering.workingFolder))}`);
    for (const change of operation.diff) lines.push(...renderChange(change, style));
  }
  lines.push('', summary(plan, style));
  return `${lines.join('\n')}\n`;
}

const doneWords: Readonly<Record<Plan['purpose'], (lab: string) => string>> = {
  apply: (lab) => `${lab} is as described`,
  destroy: (lab) => `${lab} has no machine`,
  forward: (lab) => `the forwards of ${lab} are so already`,
  stop: (lab) => `no machine of ${lab} has to be stopped`,
  start: (lab) => `no machine of ${lab} has to be started`,
  restart: (lab) => `no machine of ${lab} has to be restarted`,
  suspend: (lab) => `no machine of ${lab} has to be suspended`,
  resume: (lab) => `no machine of ${lab} has to be resumed`,
};

function nothingToDo(plan: Plan): string {
  const stack = plan.stack === 'default' ? '' : ` (stack ${plan.stack})`;
  return `Nothing to do: ${doneWords[plan.purpose](`lab ${plan.lab}${stack}`)}.`;
}

function renderChange({ property, before, after, text }: PropertyChange, style: Style): string[] {
  if (text !== undefined)
    return [`      ${style.yellow('~')} ${property}:`, ...text.split('\n').flatMap((line) => diffLine(line, style))];
  if (before === undefined) return [`      ${style.green('+')} ${property}: ${shown(property, after)}`];
  if (after === undefined) return [`      ${style.red('-')} ${property}: ${shown(property, before)}`];
  return [
    `      ${style.yellow('~')} ${property}: ${style.red(shown(property, before))} → ${style.green(shown(property, after))}`,
  ];
}

/** A line of a unified diff; its file headers say nothing here. */
function diffLine(line: string, style: Style): string[] {
  if (line === '' || /^(?:---|\+\+\+|===|Index:|\\ No newline)/.test(line)) return [];
  const text = visible(line);
  const paint = line.startsWith('+')
    ? style.green
    : line.startsWith('-')
      ? style.red
      : line.startsWith('@@')
        ? style.cyan
        : style.dim;
  return [`          ${paint(text)}`];
}

function shown(property: string, value: unknown): string {
  if (typeof value === 'number' && sizeProperties.has(property)) return formatByteSize(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = visible(text ?? 'nothing').replaceAll('\n', '⏎');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function summary(plan: Plan, style: Style): string {
  const counts = new Map<string, number>();
  for (const { action } of plan.operations) if (action !== 'reuse') counts.set(action, (counts.get(action) ?? 0) + 1);
  const parts = [...counts].map(([action, count]) => `${count} to ${action}`);
  const estimate = longestPath(plan.operations);
  const unknown = plan.operations.some(({ action, estimateMs }) => action !== 'reuse' && estimateMs === undefined);
  const time = estimate === 0 ? '' : `, ${unknown ? 'at least ' : ''}about ${formatDuration(estimate)}`;
  return `${style.bold('Plan')}: ${parts.join(', ')}${time}`;
}

/** Milliseconds of the longest chain of operations that wait for each other: the others run beside it. */
export function longestPath(operations: readonly Pick<Operation, 'id' | 'dependsOn' | 'estimateMs'>[]): number {
  const ends = new Map<string, number>();
  let longest = 0;
  // Operations are listed after what they depend on.
  for (const { id, dependsOn, estimateMs } of operations) {
    const end = Math.max(0, ...dependsOn.map((other) => ends.get(other) ?? 0)) + (estimateMs ?? 0);
    ends.set(id, end);
    longest = Math.max(longest, end);
  }
  return longest;
}
