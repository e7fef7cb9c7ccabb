import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gotWords, issueWords } from '@goqemu/core';
import { z } from 'zod';

function words(schema: z.ZodType, value: unknown): string {
  const [issue] = schema.safeParse(value, { reportInput: true }).error?.issues ?? [];
  assert.ok(issue, 'it was accepted');
  return issueWords(issue) + gotWords(issue);
}

test('a mistake is described in goqemu’s words, with the value where it was reported', () => {
  const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
    [z.number(), 'many', 'expected a number, got "many"'],
    [z.int(), 1.5, 'expected a whole number, got 1.5'],
    [z.string(), 1, 'expected a text, got 1'],
    [z.boolean(), 1, 'expected true or false, got 1'],
    [z.object({}), [], 'expected an object, got []'],
    [z.number().min(1), 0, 'expected at least 1, got 0'],
    [z.number().gt(1), 1, 'expected more than 1, got 1'],
    [z.string().max(2), 'abc', 'expected at most 2 characters, got "abc"'],
    [z.array(z.number()).min(1), [], 'expected at least 1 item, got []'],
    [z.number().multipleOf(4), 3, 'expected a multiple of 4, got 3'],
    [z.enum(['a', 'b']), 'c', 'expected "a" or "b", got "c"'],
    [z.email(), 'x', 'expected an e-mail address, got "x"'],
    [z.strictObject({}), { ram: 1 }, 'there is no option "ram"'],
    [z.union([z.number(), z.boolean()]), 'x', 'expected a number or true or false, got "x"'],
    [z.number(), undefined, 'expected a number, got nothing'],
    [z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') })]), { kind: 'c' }, 'expected "a", got "c"'],
  ];
  for (const [schema, value, expected] of cases) assert.equal(words(schema, value), expected);
});

test('what the author of a schema wrote stays', () => {
  const even = z.number().refine((value) => value % 2 === 0, 'pairs of workers only');
  assert.equal(words(even, 3), 'pairs of workers only, got 3');
  assert.equal(words(z.number().min(1, 'at least one worker'), 0), 'at least one worker, got 0');
});

test('no message of zod’s own reaches a user, whatever the issue', () => {
  const schemas = [
    z.date(),
    z.bigint(),
    z.literal(3),
    z.map(z.string(), z.number()),
    z.templateLiteral(['a', z.number()]),
    z.never(),
    z.file(),
  ];
  for (const schema of schemas) assert.doesNotMatch(words(schema, {}), /Invalid|received|Too (?:big|small)/);
});
