import { inspect } from 'node:util';
import { isGoqemuError } from '../errors/goqemu-error.ts';

/** Of a text or an object that is longer, a message has the beginning. */
const longest = 80;

/**
 * A value that was given, as the message of an error shows it: as JSON, and what JSON has no words for (`NaN`,
 * `undefined`, `5n`, a ring of objects) as JavaScript writes it.
 *
 * @throws GoqemuError of the value itself, such as `late-value-used-early`
 * @example
 * shownValue(Number.NaN); // NaN
 */
export function shownValue(value: unknown): string {
  const text = written(value);
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

function written(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'object':
      return writtenObject(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}

function writtenObject(value: object | null): string {
  try {
    return JSON.stringify(value) ?? inspect(value);
  } catch (error) {
    if (isGoqemuError(error)) throw error;
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  }
}
