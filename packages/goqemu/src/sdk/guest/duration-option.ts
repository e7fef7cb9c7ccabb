import { type Duration, isGoqemuError, parseDuration } from '@goqemu/core';
import { z } from 'zod';

const expected = "expected a duration such as '90 s' or a whole number of milliseconds";

/** A duration as callers write it; it stays as it is. */
export const duration = z.custom<Duration>((value) => millisecondsOf(value) !== undefined, expected);

/** A duration in which something can happen. */
export const timeLimit = z.custom<Duration>((value) => (millisecondsOf(value) ?? 0) > 0, expected);

function millisecondsOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  try {
    return parseDuration(value as Duration, 'duration');
  } catch (error) {
    if (isGoqemuError(error)) return undefined;
    throw error;
  }
}
