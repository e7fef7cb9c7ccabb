import { join } from 'node:path';
import { parseJson } from '@goqemu/core';

/** What `goqemu test` asks of the processes in which tests run. */
export interface RunSettings {
  /** Of the run: its forks are named by it. */
  readonly id: string;
  /** Of tests that do not say otherwise. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** How often each test is registered. */
  readonly repeat: number;
  /** How often each test runs at most, until it fails. */
  readonly untilFails: number;
  /** Absolute: the folder of attachments. */
  readonly results: string;
  /** Whether tests that fail leave a trace; `full`: with the machines as they were before each action. */
  readonly trace: 'off' | 'on-failure' | 'full';
  /** Absolute: the folder of traces. */
  readonly traces: string;
  /** How many traces of one run keep the machines as they were. */
  readonly keepTraces: number;
  /** Absolute: a folder for a record of each run of a test, for reports; undefined: none is written. */
  readonly records?: string;
  /** Labs that have been applied for this run, as `labKey` names them. */
  readonly applied: readonly string[];
}

/** The environment variable that holds them; it is no interface for users. */
export const runSettingsVariable = 'GOQEMU_TEST_RUN';

/** The default of a test's time-out. */
export const defaultTimeoutMs = 5 * 60_000;

/** The default of `--keep-traces`. */
export const defaultKeepTraces = 10;

/** What the environment says; under a bare `node --test`, the defaults. */
export function readRunSettings(env: Readonly<Record<string, string | undefined>>, results: string): RunSettings {
  const text = env[runSettingsVariable];
  const given = text === undefined ? {} : (parseJson(text) as Partial<RunSettings> | undefined);
  return {
    id: `${process.pid.toString(36)}`,
    timeoutMs: defaultTimeoutMs,
    retries: 0,
    repeat: 1,
    untilFails: 1,
    results,
    trace: 'off',
    traces: join(results, 'traces'),
    keepTraces: defaultKeepTraces,
    applied: [],
    ...given,
  };
}

/** A lab in these settings: which file it is in, which of its stacks, and with which parameters. */
export function labKey(file: string, stack: string, parameters: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify([file, stack, Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
