/** How a test ended, as Node's runner reports it. */
export interface RecordedTest {
  /** Absolute; of a sub-test of a file, the file. */
  readonly file: string;
  readonly line: number | undefined;
  /** Its own name after those of the suites and tests around it. */
  readonly path: readonly string[];
  readonly status: 'passed' | 'failed' | 'skipped' | 'todo';
  readonly durationMs: number;
  readonly error?: { readonly code?: string; readonly message: string; readonly stack?: string };
  /** What it said: attachments, attempts, marks. */
  readonly notes: readonly string[];
  /** `describe`, not a test. */
  readonly suite: boolean;
}
