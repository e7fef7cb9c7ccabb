import { AssertionError } from 'node:assert';
import type { ErrorCode } from '@goqemu/core';

/** What an {@link ExpectationError} is made of. */
export interface ExpectationFacts {
  /** Of the machine. */
  readonly machine: string;
  /** As it is written: `expect(web.unit("nginx")).toBeActive()`. */
  readonly expectation: string;
  readonly waitedMs: number;
  /** Questions that were put to the guest. */
  readonly attempts: number;
}

/**
 * An expectation that was not met: an `AssertionError` of node:assert, so that every runner and reporter takes it for a failed
 * test, with `expected` and `actual`. Its `code` is `ERR_ASSERTION`, as theirs; goqemu's is in `goqemuCode`.
 */
export class ExpectationError extends AssertionError {
  readonly goqemuCode: ErrorCode = 'expectation-failed';
  /** Facts for programs. */
  readonly data: ExpectationFacts;

  /** @internal */
  constructor(
    message: string,
    values: { readonly expected: unknown; readonly actual: unknown },
    data: ExpectationFacts,
  ) {
    super({ message, ...values, operator: data.expectation });
    this.name = 'ExpectationError';
    this.data = data;
  }
}
