import type { ErrorCode, SourceLocation } from '@goqemu/core';

/** Something that a plan says before it happens: an `error` keeps the plan from being applied. */
export type Preflight = PreflightError | PreflightNotice;

/** Applying the plan throws it as an error of this code. */
export interface PreflightError extends PreflightText {
  readonly severity: 'error';
  readonly code: ErrorCode;
}

export interface PreflightNotice extends PreflightText {
  readonly severity: 'notice';
  readonly code: string;
}

export interface PreflightText {
  readonly message: string;
  readonly hint?: string;
  /** The machine that it is about, when it is about one. */
  readonly machine?: string;
  /** Where the lab declares what causes it; the engine adds the place of the machine where there is none. */
  readonly location?: SourceLocation;
}

/** Who has a port, human-readable. */
export interface PortHolder {
  /** `process 123 (nginx)`, `machine web of the lab shop (process 123)`. */
  readonly name: string;
  /** What gives the port back, when it is a machine of goqemu's. */
  readonly hint?: string;
}
