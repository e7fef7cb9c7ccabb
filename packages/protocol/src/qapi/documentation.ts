/** The versions that a documentation comment names; its prose is not kept. */
export interface Since {
  readonly definition?: string;
  readonly members: ReadonlyMap<string, string>;
}

const memberStart = /^\s?@([\w.*-]+):/;
const version = /\bsince:?\s+(?:QEMU\s+)?v?(\d+(?:\.\d+)*)/i;
const headed = /^\s?Since:\s*(\d+(?:\.\d+)*)/i;

/** Reads `Since: 1.3` of the definition, and `(since 4.0)` of its members and values. */
export function readSince(lines: readonly string[]): Since {
  const members = new Map<string, string>();
  let definition: string | undefined;
  let current: { name: string; text: string } | undefined;
  const finish = () => {
    const found = current && version.exec(current.text)?.[1];
    if (current && found) members.set(current.name, found);
    current = undefined;
  };
  for (const line of lines.slice(1)) {
    const own = headed.exec(line)?.[1];
    const start = memberStart.exec(line);
    // A member's text continues while its lines are indented or blank.
    const ended =
      own !== undefined ||
      start !== null ||
      /^\s?(?:Returns|Features|Errors|Notes?|Example|Since|TODO|\.\.|=)/.test(line);
    if (ended) finish();
    if (own !== undefined) definition ??= own;
    else if (start) current = { name: start[1] as string, text: line.slice(start[0].length) };
    else if (current) current.text += ` ${line.trim()}`;
  }
  finish();
  return { ...(definition ? { definition } : {}), members };
}
