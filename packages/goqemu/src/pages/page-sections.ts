/** A heading of a page, and the anchor by which links name it. */
export interface Heading {
  readonly level: number;
  readonly anchor: string;
  /** From zero. */
  readonly line: number;
}

/** The headings of a page in Markdown; what looks like one within a block of code is none. */
export function headingsOf(markdown: string): readonly Heading[] {
  const headings: Heading[] = [];
  const seen = new Map<string, number>();
  let fence: string | undefined;
  for (const [line, text] of markdown.split('\n').entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence)) fence = undefined;
    const [, marks, title] = (fence === undefined && /^(#{1,6}) +(.*?)(?: +#+)?$/.exec(text)) || [];
    if (marks === undefined || title === undefined) continue;
    const anchor = anchorOf(title);
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    headings.push({ level: marks.length, anchor: count === 0 ? anchor : `${anchor}-${count}`, line });
  }
  return headings;
}

/** The anchor of a heading, as GitHub makes it: the site has the same, so that one link works in all places. */
export function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The part of a page under one heading, with its subsections; undefined where there is no such heading. */
export function sectionOf(markdown: string, anchor: string): string | undefined {
  const headings = headingsOf(markdown);
  const index = headings.findIndex((heading) => heading.anchor === anchor);
  const from = headings[index];
  if (!from) return undefined;
  const to = headings.slice(index + 1).find(({ level }) => level <= from.level);
  return markdown.split('\n').slice(from.line, to?.line).join('\n');
}
