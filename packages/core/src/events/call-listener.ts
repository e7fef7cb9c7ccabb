import { errorMessage } from '../errors/internal-error.ts';

/**
 * Calls a function that belongs to the caller of the library and whose result decides nothing. What it throws, or
 * rejects with, becomes a warning of the process, and keeps nothing from the next listener.
 *
 * @param name which function it is, for the warning
 */
export function callListener<Arguments extends readonly unknown[]>(
  name: string,
  listener: (...args: Arguments) => unknown,
  ...args: Arguments
): void {
  try {
    const result = listener(...args);
    if (result instanceof Promise) result.catch((thrown: unknown) => warn(name, thrown));
  } catch (thrown) {
    warn(name, thrown);
  }
}

function warn(name: string, thrown: unknown): void {
  process.emitWarning(`${name} threw: ${errorMessage(thrown)}`, {
    type: 'GoqemuWarning',
    code: 'listener-threw',
    ...(thrown instanceof Error && thrown.stack ? { detail: thrown.stack } : {}),
  });
}
