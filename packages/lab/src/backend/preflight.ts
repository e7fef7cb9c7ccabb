import type { ErrorCode, SourceLocation } from '@goqemu/core';
import type { HostPort } from '@goqemu/spec';

/** Something that a plan says before it happens: an `error` keeps the plan from being applied. */
export type Preflight = PreflightError | PreflightNotice;

/** Applying the plan throws it as an error of this code. */
export interface PreflightError extends PreflightText {
  readonly severity: 'error';
  readonly code: ErrorCode;
}

/** What a plan says beforehand and carries out all the same. */
export interface PreflightNotice extends PreflightText {
  readonly severity: 'notice';
  readonly code: string;
}

/** What is known beforehand, and what to do about it. */
export interface PreflightText {
  readonly message: string;
  readonly hint?: string;
  /** The machine that it is about, when it is about one. */
  readonly machine?: string;
  /** The network of the lab that it is about, when it is about one. */
  readonly network?: string;
  /** Where the lab declares what causes it; the engine adds the place of the machine where there is none. */
  readonly location?: SourceLocation;
}

/** Why a port cannot be had, as the backend found it out. */
export interface PortProblem {
  readonly port: HostPort;
  readonly code: ErrorCode;
  /** Of the port alone: `port 8080 of the host is taken by process 123 (nginx)`. */
  readonly message: string;
  /** What gives the port back, where that is known. */
  readonly hint?: string;
}
