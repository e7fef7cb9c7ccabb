import type { TestContext } from 'node:test';
import type { Duration } from '@goqemu/core';

/** Options of one test. */
export interface TestOptions {
  /**
   * How long the test may take, without the time in which its machines are prepared.
   *
   * @default '5 min', or what `goqemu test --timeout` says
   * @example '30 s'
   */
  readonly timeout?: Duration;
  /** How often the test runs again after a failure, 0 to 100. @default 0, or what `goqemu test --retries` says */
  readonly retries?: number;
  /** Run only this one and others that say so, with `--test-only`. @default false */
  readonly only?: boolean;
  /** Do not run it; a text is the reason. @default false */
  readonly skip?: boolean | string;
  /** Run it, and do not count its failure; a text is the reason. @default false */
  readonly todo?: boolean | string;
}

/** A moment of a test. */
export interface Mark {
  readonly name: string;
  /** By the clock of this host. */
  readonly at: Date;
}

/** What every test is given. */
export interface BaseFixtures {
  /** The test itself, as `node:test` knows it. */
  readonly t: TestContext;
  /** Aborts when the test is over: at its end, and when its time is up. */
  readonly signal: AbortSignal;
  /** Names a moment: the failure of the test tells which was the last one, and how long before. */
  readonly mark: (name: string) => Promise<Mark>;
  /**
   * Keeps a file with the results of the test, and returns its path: `test-results/FILE/TEST/NAME`.
   *
   * @throws GoqemuError `name-invalid` for a name that is not that of a file
   */
  readonly attach: (name: string, content: string | Uint8Array) => Promise<string>;
}

/** What a test does. */
export type TestBody<Fixtures> = (fixtures: Fixtures) => unknown;

/** Registers a test, as `test` of `node:test` does. */
export interface RegisterTest<Fixtures> {
  (name: string, body: TestBody<Fixtures>): Promise<void>;
  (name: string, options: TestOptions, body: TestBody<Fixtures>): Promise<void>;
}

/** Tests on machines: each call registers one with `node:test`. */
export interface LabTest<Fixtures> extends RegisterTest<Fixtures> {
  /** A test that does not run. */
  readonly skip: RegisterTest<Fixtures>;
  /** With `--test-only`, only such tests run. */
  readonly only: RegisterTest<Fixtures>;
  /** A test whose failure does not count. */
  readonly todo: RegisterTest<Fixtures>;
  /**
   * A part of the test that runs, with a name in its report. Its failure is thrown here, and ends the test unless it is
   * caught; the report counts it as failed in either case.
   *
   * @returns what `body` returned
   * @throws Error outside of a test
   */
  step<T>(name: string, body: () => T | Promise<T>): Promise<T>;
}
