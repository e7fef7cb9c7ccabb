/** How much of a text is kept, in characters. */
export interface TextBounds {
  readonly first: number;
  readonly last: number;
}

/** Output of one action. */
export const outputBounds: TextBounds = { first: 8192, last: 24_576 };

/** A text as it is, or its beginning and its end with a line between that says how much is missing. */
export function boundedText(text: string, { first, last }: TextBounds): string {
  const missing = text.length - first - last;
  if (missing <= 0) return text;
  const head = text.slice(0, first).replace(/[\ud800-\udbff]$/, '');
  const tail = last === 0 ? '' : text.slice(-last).replace(/^[\udc00-\udfff]/, '');
  return `${head}\n… ${missing} characters are left out …\n${tail}`;
}
