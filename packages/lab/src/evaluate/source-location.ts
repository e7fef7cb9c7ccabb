import { fileURLToPath } from 'node:url';
import type { SourceLocation } from '@goqemu/core';

/**
 * Remembers where the caller's own code called into goqemu: the first frame outside this package and its bundle; the
 * returned function says it. Stack traces are cheap to take and
 * expensive to format (source maps), and only errors need the text.
 */
export function markPlace(labFile?: string): () => SourceLocation | undefined {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 16;
  const marker = new Error();
  Error.stackTraceLimit = before;
  return () => locationInStack(marker.stack ?? '', labFile);
}

/** The place in a lab that a stack trace points to; `labFile` is preferred over every other file. */
export function locationInStack(stack: string, labFile?: string): SourceLocation | undefined {
  let first: SourceLocation | undefined;
  for (const line of stack.split('\n')) {
    const match = /^\s*at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (!match?.[1]) continue;
    const file = pathOf(match[1]);
    const place = { file, line: Number(match[2]), column: Number(match[3]) };
    if (file === labFile) return place;
    if (!first && !isOwnFrame(file)) first = place;
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
