import { parseDuration } from '@goqemu/core';
import type { Command, CommandOptions } from '@goqemu/guest';
import { z } from 'zod';
import type { ExecOptions } from './command-options.ts';
import { timeLimit } from './duration-option.ts';
import { readOptions } from './invalid-option.ts';

const timeout = z.union(
  [z.literal(Number.POSITIVE_INFINITY), timeLimit],
  "expected a duration such as '90 s' or a whole number of milliseconds",
);
const callback = z.custom<(chunk: Buffer) => void>((value) => typeof value === 'function', 'expected a function');
const schema = z
  .strictObject({
    sudo: z.boolean().optional(),
    user: z.string().optional(),
    environment: z.record(z.string(), z.string()).optional(),
    workingDirectory: z.string().min(1).optional(),
    input: z
      .custom<NonNullable<CommandOptions['input']>>(isInput, 'expected a text, bytes or an async iterable of them')
      .optional(),
    pty: z
      .union(
        [z.boolean(), z.strictObject({ columns: z.int().min(1), rows: z.int().min(1), term: z.string().optional() })],
        'expected true or { columns, rows }',
      )
      .optional(),
    timeout: timeout.optional(),
    signal: z.instanceof(AbortSignal, { message: 'expected an AbortSignal' }).optional(),
    label: z.string().optional(),
    repeatable: z.boolean().optional(),
    check: z.boolean().optional(),
    onStdout: callback.optional(),
    onStderr: callback.optional(),
    maxOutputBytes: z.int().min(0).optional(),
  })
  .refine(({ sudo, user }) => sudo === undefined || user === undefined, {
    message: 'expected sudo or user, not both',
    path: ['sudo'],
  });

export interface ReadCommandOptions {
  readonly options: CommandOptions;
  readonly check: boolean;
}

/**
 * @throws GoqemuError `option-invalid`
 */
export function readCommandOptions(
  what: 'exec' | 'stream',
  command: Command,
  given: ExecOptions | undefined,
  limitMs: number,
): ReadCommandOptions {
  const words = z.union([z.string().min(1), z.array(z.string()).min(1)], 'expected a script or a list of words');
  readOptions(z.object({ command: words }), { command }, what);
  const { sudo, timeout, check, ...rest } = readOptions(schema, given, what);
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    options: {
      ...present,
      ...(sudo ? { user: 'root' } : {}),
      timeoutMs:
        timeout === undefined
          ? limitMs
          : timeout === Number.POSITIVE_INFINITY
            ? timeout
            : parseDuration(timeout, 'timeout'),
    },
    check: check ?? false,
  };
}

function isInput(value: unknown): boolean {
  if (typeof value === 'string' || value instanceof Uint8Array) return true;
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
