import { readFile } from 'node:fs/promises';
import { GoqemuError, parseJson, readOwnFile, writeOwnFile } from '@goqemu/core';
import type { Action, FailurePlace, MachineEvidence, RecordedEvent, TestRecord } from '../record/test-record.ts';

/** How the name of a trace ends. */
export const traceSuffix = '.trace.jsonl';

const format = 'goqemu-trace';
const version = 1;

/** Lines after the first one. */
type Line =
  | ({ readonly type: 'action' } & Action)
  | { readonly type: 'machine'; readonly machine: MachineEvidence }
  | { readonly type: 'event'; readonly event: RecordedEvent }
  | { readonly type: 'place'; readonly place: FailurePlace }
  | { readonly type: 'end' };

/** The record of a run that failed, as a file: JSON, a line for each thing, so that it can be searched with other tools. */
export function formatTrace({ actions, evidence, ...head }: TestRecord): string {
  const lines: readonly Line[] = [
    ...actions.map((action) => ({ type: 'action' as const, ...action })),
    ...(evidence?.machines ?? []).map((machine) => ({ type: 'machine' as const, machine })),
    ...(evidence?.events ?? []).map((event) => ({ type: 'event' as const, event })),
    ...(evidence ? [{ type: 'place' as const, place: evidence.place }] : []),
    { type: 'end' },
  ];
  return [{ format, ...head, version }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

export function writeTrace(path: string, record: TestRecord): Promise<void> {
  return writeOwnFile(path, formatTrace(record), { mode: 0o600 });
}

/** @throws GoqemuError `trace-invalid`, `trace-newer`; the host's error when there is none */
export async function readTrace(path: string): Promise<TestRecord> {
  const file = readOwnFile(path);
  if (file && 'damage' in file) throw invalid(path, file.damage);
  return parseTrace(file?.text ?? (await readFile(path, 'utf8')), path);
}

/** @param path for messages */
export function parseTrace(text: string, path: string): TestRecord {
  const [head, ...lines] = text.split('\n').filter(Boolean).map(parseJson);
  const first = head as (Partial<TestRecord> & { readonly format?: string; readonly version?: number }) | undefined;
  if (first?.format !== format || typeof first.version !== 'number')
    throw invalid(path, 'its first line names no trace');
  if (first.version > version) throw newer(path);
  const rows = lines as readonly (Line | undefined)[];
  if (!lines.every(isLine) || rows.at(-1)?.type !== 'end') throw invalid(path, 'it was not written to its end');
  if (!isHead(first)) throw invalid(path, 'its first line does not say which test it is of');
  const all = <T extends Line['type']>(type: T) =>
    rows.filter((row): row is Extract<Line, { type: T }> => row?.type === type);
  const [place] = all('place');
  const { format: _format, ...record } = first;
  return {
    ...(record as TestRecord),
    actions: all('action').map(({ type: _type, ...action }) => action),
    ...(place
      ? {
          evidence: {
            machines: all('machine').map(({ machine }) => machine),
            events: all('event').map(({ event }) => event),
            place: place.place,
          },
        }
      : {}),
  };
}

function isHead(first: Partial<TestRecord>): boolean {
  const { run, file, name, startedAt, durationMs } = first;
  return [run, file, name].every((one) => typeof one === 'string') && [startedAt, durationMs].every(Number.isFinite);
}

function isLine(line: unknown): boolean {
  return typeof line === 'object' && line !== null && 'type' in line;
}

function invalid(path: string, why: string): GoqemuError {
  return new GoqemuError({
    code: 'trace-invalid',
    source: 'user',
    subject: path,
    message: `${path} is no trace of a test: ${why}`,
    hint: `list the traces with "goqemu trace list"; "goqemu trace delete" with its name removes it`,
  });
}

function newer(path: string): GoqemuError {
  return new GoqemuError({
    code: 'trace-newer',
    source: 'environment',
    subject: path,
    message: `${path} was written by a newer goqemu`,
    hint: 'update goqemu: npm install -g goqemu@latest',
  });
}
