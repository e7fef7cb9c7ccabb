import type { CollectedLab } from '../sdk/test/collected-labs.ts';

/** A test that a file registers. */
export interface CollectedTest {
  /** Its own name after those of the suites around it. */
  readonly path: readonly string[];
  readonly line: number | undefined;
  readonly mode: 'only' | 'skip' | 'todo' | undefined;
}

/** What a test file has in it. */
export interface CollectedFile {
  /** Absolute. */
  readonly file: string;
  readonly tests: readonly CollectedTest[];
  readonly labs: readonly CollectedLab[];
  /** Why it could not be read. */
  readonly error?: { readonly message: string; readonly stack?: string; readonly code?: string };
}
