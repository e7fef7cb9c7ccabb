import { errorMessage } from '@goqemu/core';
import { followCommand } from './follow-parent.ts';
import type { RecordedTest } from './recorded-test.ts';

/** What of an event of Node's runner is read; see `TestsStream` in its documentation. */
export interface RunnerEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly file?: string;
    /** The file that was run, of newer ones: `file` may be one that it imports. */
    readonly entryFile?: string;
    readonly line?: number;
    readonly message?: string;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly details?: { readonly duration_ms?: number; readonly type?: string; readonly error?: Error };
  };
}

/** Sends each test that ended to the process that started the runner; prints nothing. */
export async function* recordTests(source: AsyncIterable<RunnerEvent>): AsyncGenerator<string> {
  followCommand();
  for await (const test of recorded(source)) process.send?.(test);
  yield ''; // a reporter is a generator
}

/**
 * The tests among the runner's events. It reports a test after those inside it, and by its depth alone: the names around
 * one are known when what is around it has ended. What a test said comes after it.
 */
export async function* recorded(source: AsyncIterable<RunnerEvent>): AsyncGenerator<RecordedTest> {
  /** Those that have ended, of each depth, whose surroundings have not. */
  const inside = new ByDepth<Recording>();
  let last: { readonly depth: number; readonly test: Recording } | undefined;
  for await (const { type, data } of source) {
    const depth = data.nesting ?? 0;
    if (type === 'test:diagnostic' && last?.depth === depth) last.test.notes.push(data.message ?? '');
    if (type === 'test:plan' && depth === 0) {
      last = undefined; // what is said then is about all of them
      yield* inside.take(0); // the runner need not live to see the end of its events
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (depth === 0) yield* inside.take(0);
    const name = data.name ?? '';
    const test: Recording = { ...read(type, data), notes: [] };
    for (const one of inside.take(depth + 1))
      inside.add(depth, Object.assign(one, { file: test.file, path: [name, ...one.path] }));
    inside.add(depth, test);
    last = { depth, test };
  }
  yield* inside.take(0);
}

type Recording = Omit<RecordedTest, 'notes'> & { readonly notes: string[] };

class ByDepth<T> {
  readonly #lists = new Map<number, T[]>();

  add(depth: number, value: T): void {
    const list = this.#lists.get(depth) ?? [];
    list.push(value);
    this.#lists.set(depth, list);
  }

  take(depth: number): readonly T[] {
    const list = this.#lists.get(depth) ?? [];
    this.#lists.delete(depth);
    return list;
  }
}

function read(type: string, data: RunnerEvent['data']): Omit<RecordedTest, 'notes'> {
  const { name = '', line, skip, todo, details } = data;
  const file = data.entryFile ?? data.file ?? '';
  const failed = type === 'test:fail';
  const status = skip !== undefined ? 'skipped' : todo !== undefined ? 'todo' : failed ? 'failed' : 'passed';
  const error = failed && details?.error ? describe(details.error) : undefined;
  return {
    file,
    line,
    path: [name],
    status,
    durationMs: details?.duration_ms ?? 0,
    suite: details?.type === 'suite',
    ...(error ? { error } : {}),
  };
}

/** The runner wraps what a test threw. */
function describe(wrapped: Error): NonNullable<RecordedTest['error']> {
  const thrown: unknown = wrapped.cause ?? wrapped;
  const { code, stack } = thrown as { readonly code?: unknown; readonly stack?: string };
  return {
    ...(typeof code === 'string' ? { code } : {}),
    message: errorMessage(thrown),
    ...(typeof stack === 'string' ? { stack } : {}),
  };
}
