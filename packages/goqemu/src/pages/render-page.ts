import { marked, type Token, type Tokens } from 'marked';
import type { Style } from '../render/style.ts';
import { inlinePieces } from './render-inline.ts';
import { renderTable } from './render-table.ts';
import { wrapPieces } from './wrap-words.ts';

export interface PageLook {
  readonly style: Style;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Longer lines are hard to read. */
const mostColumns = 100;

/** What stands below a heading is indented, as in a manual page. */
const indent = '  ';

/** A page in Markdown as text for a terminal: headings, wrapped paragraphs, lists, tables and code. */
export function renderPage(markdown: string, { style, width }: PageLook): string {
  const look = { style, width: Math.min(width, mostColumns) - indent.length };
  const blocks = marked.lexer(markdown).flatMap((token) => {
    if (token.type === 'heading') return [headingLine(token as Tokens.Heading, style)];
    const lines = blockLines(token, look);
    return lines.length > 0 ? [lines.map((line) => `${indent}${line}`.trimEnd()).join('\n')] : [];
  });
  return `${blocks.join('\n\n')}\n`;
}

function headingLine({ tokens, depth }: Tokens.Heading, style: Style): string {
  const [line = ''] = wrapPieces(inlinePieces(tokens, style, style.bold), Number.POSITIVE_INFINITY);
  return depth > 2 ? ` ${line}` : line;
}

function blockLines(token: Token, look: PageLook): readonly string[] {
  const { style, width } = look;
  switch (token.type) {
    case 'code':
      return (token as Tokens.Code).text.split('\n').map((line) => `${indent}${line}`);
    case 'list':
      return listLines(token as Tokens.List, look);
    case 'table':
      return renderTable(token as Tokens.Table, look);
    case 'blockquote':
      return blocksLines((token as Tokens.Blockquote).tokens, { style, width: width - 2 }).map(
        (line) => `${style.dim('│')} ${line}`,
      );
    case 'space':
    case 'html':
    case 'hr':
    case 'def':
      return [];
    default:
      return wrapPieces(inlinePieces((token as Tokens.Generic).tokens ?? [token], style), width);
  }
}

function listLines({ items, ordered, start, loose }: Tokens.List, look: PageLook): readonly string[] {
  return items.flatMap((item, index) => {
    const mark = ordered ? `${Number(start || 1) + index}. ` : '- ';
    const lines = blocksLines(item.tokens, { ...look, width: look.width - mark.length });
    const marked = lines.map((line, at) => `${at === 0 ? mark : ' '.repeat(mark.length)}${line}`);
    return loose && index > 0 ? ['', ...marked] : marked;
  });
}

/** Blocks within a block: an empty line before each that is not the text of a list's item. */
function blocksLines(tokens: readonly Token[], look: PageLook): readonly string[] {
  return tokens
    .map((token) => ({ token, lines: blockLines(token, look) }))
    .filter(({ lines }) => lines.length > 0)
    .flatMap(({ token, lines }, index) => (index > 0 && token.type !== 'list' ? ['', ...lines] : lines));
}
