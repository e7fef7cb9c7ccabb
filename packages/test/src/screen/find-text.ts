import type { ScreenArea } from './picture.ts';
import { lineText, type ScreenLine, type ScreenWord } from './read-text.ts';

/** A character of a line, and where it is; a space between words is nowhere. */
interface Placed {
  readonly character: string;
  readonly area?: ScreenArea;
}

/**
 * Where a text is on a screen. In a string spaces count for nothing, since OCR finds some between letters and misses others, and
 * neither do differences between characters that it takes for each other. An expression is found in a line as it was read.
 *
 * @returns undefined where it is in no line
 */
export function findText(lines: readonly ScreenLine[], wanted: string | RegExp): ScreenArea | undefined {
  for (const line of lines) {
    const found = typeof wanted === 'string' ? findString(line, wanted) : findExpression(line, wanted);
    if (found) return found;
  }
  return undefined;
}

function findString(line: ScreenLine, wanted: string): ScreenArea | undefined {
  const letters = line.flatMap(lettersOf);
  const [text, part] = [letters.map(({ character }) => character).join(''), wanted.replaceAll(/\s/g, '')].map(folded);
  const at = (text ?? '').indexOf(part ?? '');
  return at < 0 ? undefined : areaOf(letters.slice(at, at + (part ?? '').length));
}

function findExpression(line: ScreenLine, wanted: RegExp): ScreenArea | undefined {
  const match = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, '')).exec(lineText(line));
  if (!match) return undefined;
  const letters = line.flatMap((word, index): Placed[] => [
    ...(index > 0 ? [{ character: ' ' }] : []),
    ...lettersOf(word),
  ]);
  // An expression may find nothing, as /^/ does: that is where the line begins.
  return areaOf(letters.slice(match.index, match.index + Math.max(1, match[0].length))) ?? line[0];
}

/** Each letter of a word has as much of it as the others: letters of a console do. */
function lettersOf({ text, x, y, width, height }: ScreenWord): readonly Placed[] {
  const each = width / text.length;
  return text
    .split('')
    .map((character, index) => ({ character, area: { x: x + index * each, y, width: each, height } }));
}

/** The area around all of them. */
function areaOf(letters: readonly Placed[]): ScreenArea | undefined {
  const areas = letters.flatMap(({ area }) => (area ? [area] : []));
  if (areas.length === 0) return undefined;
  const [left, top] = [Math.min(...areas.map(({ x }) => x)), Math.min(...areas.map(({ y }) => y))];
  const right = Math.max(...areas.map(({ x, width }) => x + width));
  const bottom = Math.max(...areas.map(({ y, height }) => y + height));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Characters that tesseract takes for each other in the letters of a console; each stands for those after it. */
const alike = ['0Oo', '1lI|!', 'gq9', '.,', ':;', "'`’‘"];
const stands = new Map(alike.flatMap((group) => group.split('').map((one) => [one, group.charAt(0)] as const)));

/** As long as the text. */
function folded(text: string): string {
  return text
    .split('')
    .map((one) => stands.get(one) ?? one)
    .join('');
}
