import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** Where a test was written. */
export interface TestPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The first frame of a stack below the function that took it. */
export function placeInStack(stack: string): TestPlace | undefined {
  return framesOf(stack)[0];
}

/** The places of a stack that are in files. */
export function framesOf(stack: string): readonly TestPlace[] {
  return stack.split('\n').flatMap((line) => {
    const match = /^\s*at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (!match?.[1]) return [];
    const bare = match[1].replace(/\?.*$/, ''); // loaders add queries
    const file = bare.startsWith('file:') ? fileURLToPath(bare) : bare;
    return [{ file, line: Number(match[2]), column: Number(match[3]) }];
  });
}

/** The place from which `callee` was called. */
export function placeOfCall(callee: (...args: never[]) => unknown): TestPlace | undefined {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 4;
  const marker: { stack?: string } = {};
  Error.captureStackTrace(marker, callee);
  Error.stackTraceLimit = before;
  return placeInStack(marker.stack ?? '');
}

type Register<Args extends unknown[], Result> = (...args: Args) => Result;

/**
 * Makes the call at the place of the user's own. `node:test` reports a test at the place of the call that registered it,
 * and takes no other: so the call stands in a script that says it is that file.
 */
export function callAt<Args extends unknown[], Result>(
  place: TestPlace | undefined,
  register: Register<Args, Result>,
  ...args: Args
): Result {
  if (!place) return register(...args);
  const script = new Script(call, {
    // With a query of its own, which `node:test` drops: a source map of the file would move the place once more.
    filename: `${pathToFileURL(place.file).href}?test`,
    lineOffset: place.line - 1,
    columnOffset: place.column - 1 - call.lastIndexOf('register('),
  });
  return (script.runInThisContext() as (register: Register<Args, Result>, ...args: Args) => Result)(register, ...args);
}

const call = '(register, ...args) => register(...args)';
