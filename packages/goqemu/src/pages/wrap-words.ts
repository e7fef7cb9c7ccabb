/** A piece of text in one look; its spaces are where a line may end. */
export interface Piece {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** A painted word, and how many columns it takes; `ends` where the text itself ends the line. */
interface Word {
  text: string;
  width: number;
  readonly ends?: boolean;
}

/** Lines of at most this width, where words allow it. Each word is painted by itself: pagers end colours with the line. */
export function wrapPieces(pieces: readonly Piece[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let taken = 0;
  for (const word of wordsOf(broken(pieces, width))) {
    if (word.ends || (taken > 0 && taken + 1 + word.width > width)) {
      lines.push(line);
      line = '';
      taken = 0;
    }
    if (word.ends) continue;
    line += taken > 0 ? ` ${word.text}` : word.text;
    taken += (taken > 0 ? 1 : 0) + word.width;
  }
  return [...lines, line];
}

/** A word that is wider than a whole line continues on the next one, after a slash where it has one. */
function broken(pieces: readonly Piece[], width: number): readonly Piece[] {
  if (widthsOf(pieces).longest <= width) return pieces;
  const part = new RegExp(`\\S{1,${width - 1}}/|\\S{1,${width}}`, 'gu');
  return pieces.map(({ text, paint }) => ({
    text: text.replaceAll(/\S+/g, (word) => (word.length > width ? (word.match(part) ?? []).join(' ') : word)),
    paint,
  }));
}

/** Columns that the pieces take without a break, and that their longest word takes. */
export function widthsOf(pieces: readonly Piece[]): { readonly natural: number; readonly longest: number } {
  const words = wordsOf(pieces).filter(({ ends }) => !ends);
  return {
    natural: words.reduce((sum, { width }) => sum + width + 1, -1),
    longest: Math.max(0, ...words.map(({ width }) => width)),
  };
}

function wordsOf(pieces: readonly Piece[]): readonly Word[] {
  const words: Word[] = [];
  let open = false;
  for (const { text, paint } of pieces)
    for (const part of text.split(/(\s+)/)) {
      const last = words.at(-1);
      if (part === '') continue;
      if (part.trim() === '') {
        open = false;
        if (part === '\n\n') words.push({ text: '', width: 0, ends: true });
      } else if (open && last) {
        last.text += paint(part);
        last.width += [...part].length;
      } else {
        words.push({ text: paint(part), width: [...part].length });
        open = true;
      }
    }
  return words;
}
