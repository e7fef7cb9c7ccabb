import { fileURLToPath } from 'node:url';
import type { SourceLocation } from '@goqemu/core';

/**
 * Where the caller's own code called into goqemu: the first frame outside this package and its bundle.
 * `labFile`, when given, is preferred over every other file.
 */
export function sourceLocation(labFile?: string): SourceLocation | undefined {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = before;
  return locationInStack(stack, labFile);
}

/** The place in a lab that a stack trace leads to. */
export function locationInStack(stack: string, labFile?: string): SourceLocation | undefined {
  let first: SourceLocation | undefined;
  for (const line of stack.split('\n')) {
    const match = /^\s*at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (!match?.[1]) continue;
    const file = pathOf(match[1]);
    if (file === labFile) return { file, line: Number(match[2]), column: Number(match[3]) };
    if (!first && !isOwnFrame(file)) first = { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return first;
}

const ownFile = pathOf(import.meta.url);
const ownFolder = ownFile.replace(/[\\/][^\\/]*[\\/][^\\/]*$/, '');

/** Unbundled, this package's source; bundled, the one file that everything is in. */
function isOwnFrame(file: string): boolean {
  if (file.endsWith('.test.ts')) return false;
  return file === ownFile || (ownFile.endsWith('.ts') && file.startsWith(ownFolder)) || file.includes('node_modules');
}

function pathOf(place: string): string {
  const bare = place.replace(/\?.*$/, ''); // loaders add queries, such as tsx's namespace
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare;
}
