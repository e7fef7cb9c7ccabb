import { stripVTControlCharacters } from 'node:util';
import type { Tokens } from 'marked';
import type { Style } from '../render/style.ts';
import { inlinePieces } from './render-inline.ts';
import { type Piece, widthsOf, wrapPieces } from './wrap-words.ts';

const gap = '  ';

/** A table whose columns share the width: the widest give way first, and their cells are wrapped. */
export function renderTable(
  { header, rows }: Tokens.Table,
  { style, width }: { readonly style: Style; readonly width: number },
): readonly string[] {
  const head = header.map(({ tokens }) => inlinePieces(tokens, style, style.bold));
  const body = rows.map((row) => row.map(({ tokens }) => inlinePieces(tokens, style)));
  const widths = columnWidths([head, ...body], width - gap.length * (header.length - 1));
  const lines = [head, ...body].map((row) => rowLines(row, widths));
  // Empty lines separate rows of several lines.
  const apart = lines.some((row) => row.length > 2);
  return lines.flatMap((row, index) => [
    ...(apart && index > 1 ? [''] : []),
    ...row,
    ...(index === 0 ? [style.dim(widths.map((columns) => '─'.repeat(columns)).join(gap))] : []),
  ]);
}

function columnWidths(rows: readonly (readonly (readonly Piece[])[])[], available: number): readonly number[] {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => widthsOf(row[column] ?? [])));
  const widths = columns.map((cells) => Math.max(1, ...cells.map(({ natural }) => natural)));
  const least = columns.map((cells) => Math.max(1, ...cells.map(({ longest }) => longest)));
  for (let over = sum(widths) - available; over > 0; over--) {
    // One whose longest word needs the width gives way last.
    const free = widths.map((columns, index) => (columns > (least[index] ?? 0) ? columns : columns / 1000));
    const widest = free.indexOf(Math.max(...free));
    widths[widest] = Math.max(1, (widths[widest] ?? 1) - 1);
  }
  return widths;
}

function rowLines(row: readonly (readonly Piece[])[], widths: readonly number[]): readonly string[] {
  const cells = row.map((pieces, column) => wrapPieces(pieces, widths[column] ?? 1));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, column) => padded(lines[line] ?? '', widths[column] ?? 1))
      .join(gap)
      .trimEnd(),
  );
}

function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - [...stripVTControlCharacters(text)].length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
