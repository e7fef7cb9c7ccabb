import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { framesOf } from '../runner/place.ts';

/** Where a test has called goqemu. */
export interface Caller {
  readonly stack?: string;
}

/** @param callee what the test has called: the frames of that, and of what it has called, are left out */
export function callerOf(callee: (...args: never[]) => unknown): Caller {
  const caller: Caller = {};
  Error.captureStackTrace(caller, callee);
  return caller;
}

/**
 * Lets the stack of an error begin at the line of the test that made the call: how goqemu came to the error is of no use to
 * its reader, except where goqemu itself is wrong. Message, facts and cause stay.
 */
export function pointAtCaller(error: unknown, { stack = '' }: Caller): void {
  if (!(error instanceof Error) || (error as { source?: unknown }).source === 'internal') return;
  const frames = stack.split('\n').filter((line) => {
    const [place] = framesOf(line);
    return place !== undefined && !isOwn(place.file);
  });
  if (frames.length === 0) return;
  const [before = ''] = (error.stack ?? '').split(/\n {4}at /, 1);
  error.stack = [before, ...frames].join('\n');
}

/** The file that made the call; undefined where it is in none. */
export function callerFile({ stack = '' }: Caller): string | undefined {
  return framesOf(stack).find(({ file }) => !isOwn(file))?.file;
}

let ownFolder: string | undefined;

function isOwn(file: string): boolean {
  ownFolder ??= packageFolder(dirname(fileURLToPath(import.meta.url)));
  return file.startsWith(ownFolder + sep) && !/\.test\.[cm]?[jt]s$/.test(file);
}

function packageFolder(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(join(folder, 'package.json')) ? folder : packageFolder(above);
}
