import type { Token, Tokens } from 'marked';
import type { Style } from '../render/style.ts';
import { findTopic } from './find-topic.ts';
import type { Piece } from './wrap-words.ts';

const same = (text: string) => text;

/** The text of a paragraph, a cell or a heading, in pieces of one look each. */
export function inlinePieces(tokens: readonly Token[], style: Style, paint: Piece['paint'] = same): readonly Piece[] {
  return tokens.flatMap((token) => piecesOf(token as Tokens.Generic, style, paint));
}

function piecesOf(token: Tokens.Generic, style: Style, paint: Piece['paint']): readonly Piece[] {
  const inner = (look = paint) => inlinePieces(token.tokens ?? [], style, look);
  switch (token.type) {
    case 'strong':
      return inner((text) => style.bold(paint(text)));
    case 'codespan':
      return [{ text: style.coloured ? token.text : `\`${token.text}\``, paint: style.cyan }];
    case 'link':
      return linkPieces(token.href, inner(), { style, paint });
    case 'br':
      return [{ text: '\n\n', paint: same }];
    case 'html':
      return token.raw === '<br>' ? [{ text: '\n\n', paint: same }] : [];
    default:
      return token.tokens ? inner() : [{ text: token.text, paint }];
  }
}

/** A link to a page is the command that shows it; one to a section of the same page needs no more than its text. */
function linkPieces(
  href: string,
  text: readonly Piece[],
  { style, paint }: { readonly style: Style; readonly paint: Piece['paint'] },
): readonly Piece[] {
  const words = text.map((piece) => piece.text).join('');
  const place = /^https?:/.test(href) ? href : commandOf(href);
  if (place === undefined || place === words) return text;
  if (/\.md$/.test(words)) return [{ text: place, paint: style.cyan }];
  return [...text, { text: ' (', paint }, { text: place, paint: style.cyan }, { text: ')', paint }];
}

function commandOf(href: string): string | undefined {
  if (href.startsWith('#')) return undefined;
  const named = findTopic(href.replace(/^(?:\.\.?\/)+/, ''));
  return named && `goqemu help ${named.topic.name}${named.anchor ? `#${named.anchor}` : ''}`;
}
