import { type ErrorCode, GoqemuError, gotWords, issueWords } from '@goqemu/core';
import type { LabDefinition } from '../definition/define-lab.ts';

/**
 * Values that came as text, from the command line or the environment, are read as JSON where the schema does
 * not take them as they are: `--param workers=2` is a number where a number is wanted.
 *
 * @throws GoqemuError `parameter-invalid`, `parameter-unknown`
 */
export function checkParameters(definition: LabDefinition, given: Readonly<Record<string, unknown>>): unknown {
  const { params } = definition;
  if (!params) {
    const [unknown] = Object.keys(given);
    if (unknown === undefined) return {};
    throw parameterError(
      'parameter-unknown',
      `the lab ${definition.name} has no parameters, got "${unknown}"`,
      definition,
    );
  }
  const shape = (params as { shape?: Readonly<Record<string, unknown>> }).shape;
  const unknown = shape && Object.keys(given).find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined) {
    throw parameterError(
      'parameter-unknown',
      `the lab ${definition.name} has no parameter "${unknown}"`,
      definition,
      `there are: ${Object.keys(shape ?? {}).join(', ')}`,
    );
  }
  const first = params.safeParse(given);
  if (first.success) return first.data;
  const wrong = new Set(first.error.issues.map((issue) => String(issue.path[0] ?? '')));
  const read = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, wrong.has(name) ? readText(value) : value]),
  );
  const second = params.safeParse(read, { reportInput: true });
  if (second.success) return second.data;
  const [issue] = second.error.issues;
  const name = issue?.path.map(String).join('.') ?? '';
  throw parameterError(
    'parameter-invalid',
    `parameter ${name ? `"${name}"` : 'values'}: ${issue ? issueWords(issue) + gotWords(issue) : 'expected other values'}`,
    definition,
    'see the lab’s params for what it takes',
  );
}

function readText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // text that is not JSON stays text
  }
}

function parameterError(
  code: ErrorCode,
  message: string,
  definition: LabDefinition,
  hint = 'leave it out',
): GoqemuError {
  return new GoqemuError({
    code,
    source: 'user',
    message,
    hint,
    ...(definition.location ? { location: definition.location } : {}),
  });
}
