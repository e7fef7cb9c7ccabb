import type { Evidence, RecordedError, RecordedLab, TestRecord } from '../record/test-record.ts';

/** How a test ended, as Node's runner reports it. */
export interface ReportedTest {
  /** Absolute. */
  readonly file: string;
  readonly line: number | undefined;
  /** Its own name after those of the suites and tests around it. */
  readonly path: readonly string[];
  readonly status: 'passed' | 'failed' | 'skipped' | 'todo';
  readonly durationMs: number;
  readonly error?: RecordedError;
  readonly notes: readonly string[];
}

/** One run of a test in a report. */
export interface ReportAttempt
  extends Pick<
    TestRecord,
    'attempt' | 'startedAt' | 'durationMs' | 'preparedMs' | 'worker' | 'result' | 'error' | 'actions' | 'omittedActions'
  > {
  readonly lab?: Omit<RecordedLab, 'file'>;
  readonly evidence?: Evidence;
  /** What `goqemu trace open` takes. */
  readonly trace?: string;
}

export interface ReportTest extends ReportedTest {
  /** The same in each run: what a link to it has. */
  readonly id: string;
  readonly attempts: readonly ReportAttempt[];
}

/** What a report shows. */
export interface ReportData {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly tests: readonly ReportTest[];
}

export interface ReportInput {
  readonly tests: readonly ReportedTest[];
  readonly records: readonly TestRecord[];
  readonly startedAt: number;
  readonly durationMs: number;
  /** How a file is named in the report. */
  readonly nameOf: (file: string) => string;
  /** How a trace is named. */
  readonly traceOf: (path: string) => string;
}

/** Joins what Node's runner says of tests with what their own processes recorded. */
export function reportData({ tests, records, startedAt, durationMs, nameOf, traceOf }: ReportInput): ReportData {
  const byPlace = new Map<string, TestRecord[]>();
  for (const record of [...records].sort((a, b) => a.startedAt - b.startedAt || a.attempt - b.attempt)) {
    const key = keyOf(record.file, record.line, record.name);
    byPlace.set(key, [...(byPlace.get(key) ?? []), record]);
  }
  const ids = new Map<string, number>();
  const joined = tests.map((test): ReportTest => {
    const key = keyOf(test.file, test.line, test.path.at(-1) ?? '');
    const attempts = takeOne(byPlace.get(key) ?? []).map((record) => attemptOf(record, traceOf));
    const id = [nameOf(test.file), ...test.path].join(' > ');
    const turn = (ids.get(id) ?? 0) + 1;
    ids.set(id, turn);
    return { ...test, file: nameOf(test.file), id: turn === 1 ? id : `${id} (${turn})`, attempts };
  });
  return { startedAt, durationMs, tests: withoutSteps(joined) };
}

/** All attempts of the first of several tests with the same place and name: a loop may register many. */
function takeOne(records: TestRecord[]): readonly TestRecord[] {
  const next = records.findIndex(({ attempt }, index) => index > 0 && attempt === 1);
  return records.splice(0, next < 0 ? records.length : next);
}

/** The steps of a test that was recorded are its actions. */
function withoutSteps(tests: readonly ReportTest[]): readonly ReportTest[] {
  const recorded = new Set(
    tests.filter(({ attempts }) => attempts.length > 0).map(({ file, path }) => pathKey(file, path)),
  );
  return tests.filter(
    ({ file, path }) => !path.slice(0, -1).some((_, index) => recorded.has(pathKey(file, path.slice(0, index + 1)))),
  );
}

function attemptOf(record: TestRecord, traceOf: (path: string) => string): ReportAttempt {
  const { attempt, startedAt, durationMs, preparedMs, worker, result, error, actions, omittedActions } = record;
  const { lab, evidence, trace } = record;
  return {
    ...{ attempt, startedAt, durationMs, worker, result, actions },
    ...(preparedMs === undefined ? {} : { preparedMs }),
    ...(error ? { error } : {}),
    ...(omittedActions ? { omittedActions } : {}),
    ...(lab ? { lab: withoutFile(lab) } : {}),
    ...(evidence ? { evidence } : {}),
    ...(trace === undefined ? {} : { trace: traceOf(trace) }),
  };
}

function withoutFile({ file: _file, ...lab }: RecordedLab): Omit<RecordedLab, 'file'> {
  return lab;
}

function keyOf(file: string, line: number | undefined, name: string): string {
  return JSON.stringify([file, line ?? null, name]);
}

function pathKey(file: string, path: readonly string[]): string {
  return JSON.stringify([file, ...path]);
}
