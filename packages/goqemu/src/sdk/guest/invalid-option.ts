import { GoqemuError, gotWords, issueWords, type SchemaIssue } from '@goqemu/core';
import type { z } from 'zod';

/**
 * Reads what a caller gave, and fills in the defaults.
 *
 * @param what what the options belong to, for the message
 * @throws GoqemuError `option-invalid`, a line for each mistake: the option, what was expected, what was got
 */
export function readOptions<S extends z.ZodType>(schema: S, given: unknown, what: string): z.output<S> {
  const result = schema.safeParse(given ?? {}, { reportInput: true });
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => describe(issue));
  throw new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: what,
    message: `${what}: ${lines[0]}`,
    ...(lines.length > 1 ? { detail: lines.slice(1).join('\n') } : {}),
    hint: '"goqemu help sdk" lists every option',
    data: { mistakes: lines },
  });
}

function describe(issue: SchemaIssue): string {
  const option = issue.path.map(String).join('.');
  // The value of an option that was left out is not reported by the schema.
  return `${option ? `${option}: ` : ''}${issueWords(issue)}${gotWords(issue)}`;
}
