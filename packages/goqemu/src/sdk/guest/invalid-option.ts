import { GoqemuError } from '@goqemu/core';
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
    hint: 'see docs/sdk.md for every option',
    data: { mistakes: lines },
  });
}

function describe(issue: z.core.$ZodIssue): string {
  const option = issue.path.map(String).join('.') || 'options';
  if (issue.code === 'unrecognized_keys')
    return `${option === 'options' ? '' : `${option}: `}there is no option ${issue.keys.map((key) => `"${key}"`).join(' or ')}`;
  const expected =
    issue.code === 'invalid_type'
      ? `expected ${issue.expected === 'int' ? 'a whole number' : issue.expected}`
      : issue.code === 'invalid_value'
        ? `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
        : issue.code === 'too_small'
          ? `expected at least ${issue.minimum}`
          : issue.code === 'too_big'
            ? `expected at most ${issue.maximum}`
            : issue.message;
  return `${option}: ${expected}, got ${shown(issue.input)}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
