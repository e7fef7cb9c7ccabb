import {
  changedError,
  type ErrorCode,
  GoqemuError,
  isGoqemuError,
  nearestWord,
  type SourceLocation,
} from '@goqemu/core';

export interface LabMistake {
  readonly message: string;
  readonly hint: string;
  readonly location: SourceLocation | undefined;
  /** The machine, the step or the option. */
  readonly subject?: string | undefined;
}

/** A mistake in the lab, with its place. */
export function labError(code: ErrorCode, { message, hint, location, subject }: LabMistake): GoqemuError {
  return new GoqemuError({
    code,
    source: 'user',
    message,
    hint,
    ...(location ? { location } : {}),
    ...(subject === undefined ? {} : { subject }),
  });
}

/** Adds a place to errors of checks that know nothing of files. */
export function locate<T>(place: () => SourceLocation | undefined, check: () => T): T {
  try {
    return check();
  } catch (error) {
    const location = isGoqemuError(error) && !error.location ? place() : undefined;
    throw location ? withLocation(error as GoqemuError, location) : error;
  }
}

export function withLocation(error: GoqemuError, location: SourceLocation): GoqemuError {
  return changedError(error, { location });
}

/** `did you mean "web"?`, or what there is. */
export function suggestion(wanted: string, known: readonly string[]): string {
  const near = nearestWord(wanted, known);
  if (near) return `did you mean "${near}"?`;
  return known.length > 0 ? `there are: ${known.join(', ')}` : 'there are none';
}
