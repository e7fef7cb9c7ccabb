import type { ErrorCode } from './error-codes.ts';

/** Who can fix an error: the person who wrote the lab or typed the command, the host, or goqemu's own authors. */
export type ErrorSource = 'user' | 'environment' | 'internal';

/** Where in a user's file the mistake is; lines and columns count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** What a {@link GoqemuError} is made of. */
export interface GoqemuErrorOptions {
  /** Stable, in kebab case; programs may branch on it. docs/errors.md lists them all. */
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  /** What went wrong, in one line, without a full stop at its end. */
  readonly message: string;
  /** The machine, resource or option concerned. */
  readonly subject?: string;
  readonly location?: SourceLocation;
  /** Why: a process's last words, the serial console's tail, what was expected and what was found. */
  readonly detail?: string;
  /** What to do next, as an instruction. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Facts for programs; JSON only, never a secret. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const brand = Symbol.for('goqemu.error');

/**
 * Every error that goqemu raises on purpose: data first, prose second.
 *
 * @example
 * throw new GoqemuError({ code: 'image-unknown', source: 'user', message: 'no image is called "debain-12"', hint: 'did you mean "debian-12"?' });
 */
export class GoqemuError extends Error {
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly subject: string | undefined;
  readonly location: SourceLocation | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(options: GoqemuErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GoqemuError';
    this.code = options.code;
    this.source = options.source;
    this.subject = options.subject;
    this.location = options.location;
    this.detail = options.detail;
    this.hint = options.hint;
    this.data = options.data ?? {};
    Object.defineProperty(this, brand, { value: true });
  }
}

/** A guard instead of `instanceof`: a lab may carry a second instance of this module. */
export function isGoqemuError(value: unknown): value is GoqemuError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/**
 * True for a GoqemuError with this code; a code that does not exist does not compile.
 *
 * @example
 * if (hasErrorCode(error, 'locked')) console.log('another goqemu is at work');
 */
export function hasErrorCode(value: unknown, code: ErrorCode): value is GoqemuError {
  return isGoqemuError(value) && value.code === code;
}
