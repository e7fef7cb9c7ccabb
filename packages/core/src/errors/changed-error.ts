import { GoqemuError, type GoqemuErrorOptions } from './goqemu-error.ts';

/** The same error with some of its parts changed; its stack still says where it came from. */
export function changedError(error: GoqemuError, change: Partial<GoqemuErrorOptions>): GoqemuError {
  const { code, source, message, subject, location, detail, hint, data, cause } = error;
  const parts = { code, source, message, subject, location, detail, hint, data, cause, ...change };
  const given = Object.entries(parts).filter(([, value]) => value !== undefined);
  const changed = new GoqemuError(Object.fromEntries(given) as unknown as GoqemuErrorOptions);
  if (error.stack !== undefined) changed.stack = error.stack;
  return changed;
}
