import { relative } from 'node:path';
import { formatDuration, printable, visibleWord } from '@goqemu/core';
import { type Action, isKept, type MachineEvidence, type RecordedError, type TestRecord } from '@goqemu/test/process';
import type { FoundTrace } from '../traces/trace-folder.ts';
import { roundedSize } from './rounded-size.ts';
import type { Style } from './style.ts';

export interface TraceView {
  readonly style: Style;
  readonly workingFolder: string;
  /** Everything, instead of the last lines of each text. */
  readonly full: boolean;
  /** The word by which a command finds the trace. */
  readonly called: string;
}

/** Lines of an output, a console or a journal, unless all are asked for. */
const shownLines = 12;

/** What a failed test did, for a terminal. */
export function renderTrace({ record }: FoundTrace, view: TraceView): string {
  const { style } = view;
  const lines = [
    `${style.red('✗')} ${style.bold(visibleWord(record.name))}`,
    ...heading(record, view).map((line) => style.dim(line)),
    '',
    ...errorLines(record.error, view),
    '',
    style.bold('Actions'),
    ...(record.actions.length === 0
      ? ['  none']
      : record.actions.flatMap((action) => actionLines(action, record, view))),
    ...(record.omittedActions ? [style.dim(`  … and ${record.omittedActions} that were not kept`)] : []),
    ...(record.evidence?.machines ?? []).flatMap((machine) => machineLines(machine, view)),
    '',
    ...placeLines(record, view),
  ];
  return `${lines.join('\n')}\n`;
}

function heading({ file, line, startedAt, durationMs, attempt, lab }: TestRecord, { workingFolder }: TraceView) {
  const place = `${relative(workingFolder, file)}${line === undefined ? '' : `:${line}`}`;
  const when = `${new Date(startedAt).toISOString()}, ${formatDuration(durationMs)}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
  const from =
    lab &&
    `lab ${lab.name}, ${lab.isolation}${lab.at === undefined ? '' : ` of the checkpoint ${JSON.stringify(lab.at)}`}`;
  return [place, when, ...(from ? [from] : [])].map((text) => `  ${visibleWord(text)}`);
}

function errorLines(error: RecordedError | undefined, { style, workingFolder }: TraceView): readonly string[] {
  if (!error) return [];
  const { message, detail, hint, place, code } = error;
  return [
    ...indented(message, 2).map((line) => style.red(line)),
    ...(detail ? indented(detail, 4) : []),
    ...(hint ? indented(`hint: ${hint}`, 2) : []),
    ...(place ? [`  at ${relative(workingFolder, place.file)}:${place.line}:${place.column}`] : []),
    ...(code ? [style.dim(`  ${code}`)] : []),
  ];
}

function actionLines(action: Action, { actions }: TestRecord, view: TraceView): readonly string[] {
  const { style } = view;
  const sign = { passed: style.green('✓'), failed: style.red('✗'), unfinished: style.yellow('…') }[action.result];
  const inside = '  '.repeat(depthOf(action, actions));
  const took = action.durationMs === undefined ? 'did not end' : formatDuration(action.durationMs);
  const exit = action.exitCode === undefined || action.exitCode === 0 ? '' : `, exit code ${action.exitCode ?? 'none'}`;
  const title = visibleWord(action.title);
  const number = String(action.n).padStart(4);
  return [
    `${number}  ${inside}${sign} ${action.kind === 'mark' ? `mark ${title}` : title} ${style.dim(`(at ${formatDuration(action.atMs)}, ${took}${exit})`)}`,
    ...(action.result === 'failed' && action.error ? indented(action.error.message.split('\n')[0] ?? '', 10) : []),
    ...output('stdout', action.stdout, view),
    ...output('stderr', action.stderr, view),
  ];
}

function depthOf({ step }: Action, actions: readonly Action[]): number {
  const around = step === undefined ? undefined : actions.find(({ n }) => n === step);
  return around ? 1 + depthOf(around, actions) : 0;
}

function output(name: string, text: string | undefined, view: TraceView): readonly string[] {
  if (text === undefined) return [];
  return lastLines(text, view).map((line) => `          ${view.style.dim(`${name}:`)} ${line}`);
}

/** A terminal shows no pictures. */
function pictureWords(base64: string): string {
  const png = Buffer.from(base64, 'base64');
  const size = png.length < 24 ? '' : ` of ${png.readUInt32BE(16)} × ${png.readUInt32BE(20)} pixels`;
  return `a picture${size}, in the report of "goqemu test --reporter html"`;
}

function machineLines({ name, status, console, screen, journal, changes, missing }: MachineEvidence, view: TraceView) {
  const part = (title: string, text: string | undefined) =>
    text === undefined ? [] : ['', `  ${title}`, ...lastLines(text, view).map((line) => `    ${line}`)];
  const more = changes && changes.more > 0 ? `\n… and ${changes.more} more` : '';
  return [
    '',
    view.style.bold(`Machine ${visibleWord(name)}, ${status}`),
    ...part('changed on its disks', changes && `${changes.lines.join('\n') || 'nothing'}${more}`),
    ...part('journal', journal),
    ...part('serial console', console),
    ...part('screen', screen && pictureWords(screen)),
    ...missing.flatMap((text) => indented(`not there: ${text}`, 2)),
  ];
}

function placeLines({ evidence }: TestRecord, { called }: TraceView): readonly string[] {
  if (!evidence) return [];
  const { place } = evidence;
  if (!isKept(place)) return [`The machines were not kept: ${place.missing}`];
  const machines = place.machines.map((machine) => `${machine.name} (${machine.ram ? 'disk and RAM' : 'disk'})`);
  return [
    `The machines as they were: ${machines.join(', ')}, ${roundedSize(place.bytes)}`,
    `  enter them: goqemu trace open ${called}`,
  ];
}

function lastLines(text: string, { full, style }: TraceView): readonly string[] {
  const lines = printable(text).trimEnd().split('\n');
  const shown = full ? lines : lines.slice(-shownLines);
  const hidden = lines.length - shown.length;
  return hidden > 0 ? [style.dim(`… ${hidden} lines before, shown with --full`), ...shown] : shown;
}

function indented(text: string, spaces: number): readonly string[] {
  return printable(text)
    .split('\n')
    .map((line) => ' '.repeat(spaces) + line);
}
