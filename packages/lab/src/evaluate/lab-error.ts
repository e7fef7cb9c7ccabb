import { changedError, type ErrorCode, GoqemuError, isGoqemuError, type SourceLocation } from '@goqemu/core';

/** A mistake in the lab, with its place. */
export function labError(
  code: ErrorCode,
  message: string,
  location: SourceLocation | undefined,
  hint: string,
  subject?: string,
): GoqemuError {
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
  const near = known
    .map((name) => ({ name, distance: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near) return `did you mean "${near.name}"?`;
  return known.length > 0 ? `there are: ${known.join(', ')}` : 'there are none';
}

/** Levenshtein's distance, for names of at most 63 characters. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
