import { optionInvalid } from './check-options.ts';

/**
 * What a text should be: a string is all of it, apart from one line end at its end, which commands print and editors write;
 * a regular expression is found in it.
 */
export type TextPattern = string | RegExp;

/** @throws GoqemuError `option-invalid` */
export function checkPattern(what: string, option: string, value: unknown): TextPattern {
  if (typeof value === 'string' || value instanceof RegExp) return value;
  throw optionInvalid(what, option, 'a text or a regular expression', value);
}

export function matches(text: string, pattern: TextPattern): boolean {
  return typeof pattern === 'string' ? text === pattern || text === `${pattern}\n` : found(text, pattern);
}

/** The text, or what the expression finds, is somewhere in it. */
export function contains(text: string, pattern: TextPattern): boolean {
  return typeof pattern === 'string' ? text.includes(pattern) : found(text, pattern);
}

/** Without the place where an expression with the flag `g` or `y` was before. */
function found(text: string, pattern: RegExp): boolean {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(text);
}
