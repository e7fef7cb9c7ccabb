import type { Step } from '@goqemu/spec';

/** What must not be shown of a step. */
export interface Sensitivity {
  /** Values in this step that must not reach a log or an event: masked wherever its output is written. */
  readonly sensitive?: readonly string[];
  /** Whatever it prints is a secret: none of its output reaches a log, an event or an error. */
  readonly secretOutput?: boolean;
}

/** A step with everything known, as a backend carries it out. */
export type ResolvedStep = Step<string> & Sensitivity;

/** What a step gave. */
export interface StepResult {
  /** Standard output of a `run`: all of a captured one, of others the last 1 MiB; empty for the other kinds. */
  readonly stdout: string;
  readonly durationMs: number;
}
