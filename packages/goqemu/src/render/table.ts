import { stripVTControlCharacters } from 'node:util';
import { screenText } from './printable.ts';
import type { Style } from './style.ts';

/** Rows under headings, columns as wide as they need. Cells may be coloured. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  // As it is shown: what the screen escapes is wider then.
  const width = (text: string) => stripVTControlCharacters(screenText(text)).length;
  const widths = headings.map((heading, column) =>
    Math.max(width(heading), ...rows.map((row) => width(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === headings.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join('  ')
      .trimEnd();
  return `${[style.dim(line(headings)), ...rows.map(line)].join('\n')}\n`;
}
