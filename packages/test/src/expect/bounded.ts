import { printable, visible } from '@goqemu/core';

const mostLines = 20;
const longestLine = 200;
const longestWord = 300;

/** A text of a guest in one line of a message. */
export function shortWord(text: string): string {
  return cut(visible(JSON.stringify(text.slice(0, 4 * longestWord))), longestWord);
}

/** A few words in one line, as they are. */
export function shortLine(text: string): string {
  return cut(
    printable(text.slice(0, 4 * longestWord))
      .replaceAll(/[\n\t]+/g, ' ')
      .trim(),
    longestWord,
  );
}

/** Lines of a guest for a message: the first ones, or the last ones, each made harmless and short. */
export function shortLines(text: string, from: 'start' | 'end'): readonly string[] {
  const size = 4 * mostLines * longestLine;
  const part = from === 'start' ? text.slice(0, size) : text.slice(-size);
  const lines = printable(part).trimEnd().split('\n');
  const kept = from === 'start' ? lines.slice(0, mostLines) : lines.slice(-mostLines);
  const isAll = kept.length === lines.length && part.length === text.length;
  const short = kept.map((line) => cut(line, longestLine));
  if (isAll) return short;
  return from === 'start' ? [...short, '…'] : ['…', ...short];
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
