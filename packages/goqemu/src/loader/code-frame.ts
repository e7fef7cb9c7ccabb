import type { SourceLocation } from '@goqemu/core';

/** Lines shown before and after the one that is meant. */
const context = 2;
/** Generated or minified lines are cut, around the column that is meant. */
const widest = 160;

/**
 * The lines around a place in a file, numbered, with a caret under the column.
 *
 * @example
 *   1 | import { defineLab } from 'goqemu';
 * > 2 | export default 42;
 *     |                ^
 */
export function codeFrame(source: string, location: SourceLocation): string {
  if (location.line === undefined) return '';
  const lines = source.split(/\r?\n/);
  const first = Math.max(1, location.line - context);
  const last = Math.min(lines.length, location.line + context);
  const width = String(last).length;
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const meant = number === location.line;
    const text = (lines[number - 1] ?? '').replaceAll('\t', ' ').slice(0, widest);
    frame.push(`${meant ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (meant && location.column !== undefined && location.column <= widest)
      frame.push(`  ${' '.repeat(width)} | ${' '.repeat(location.column - 1)}^`);
  }
  return frame.join('\n');
}
