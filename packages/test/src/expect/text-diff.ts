import type { TextPattern } from '../options/text-pattern.ts';
import { shortWord } from './bounded.ts';
import type { Evidence } from './question.ts';

/** Longer texts are not compared line by line: that takes long, and the message has no room for it. */
const longest = 64 * 1024;
/** What a line of a message shows at once. */
const shortest = 200;

/** A text in a few words: itself where it is one short line, otherwise its length. */
export function textWords(text: string, what: string): string {
  return isOneLine(text) ? `the ${what} ${shortWord(text)}` : `the ${what} has ${text.length} characters`;
}

/** A text of several lines against what it should be, as a unified diff; otherwise how it begins. */
export async function textDiff(expected: TextPattern, got: string, what: string): Promise<Evidence | undefined> {
  const isText = typeof expected === 'string';
  if (isOneLine(got) && !(isText && expected.trimEnd().includes('\n'))) return undefined;
  if (!isText || expected.length > longest || got.length > longest)
    return { title: `the ${what} begins with`, text: got, from: 'start' };
  const { createTwoFilesPatch } = await import('diff');
  const patch = createTwoFilesPatch('expected', 'got', ended(expected, got), got, '', '', { context: 2 });
  const lines = patch.split('\n').filter((line) => !/^(?:=+|Index:.*)$/.test(line));
  return { title: `the ${what}, compared`, text: lines.join('\n'), from: 'start' };
}

function isOneLine(text: string): boolean {
  return text.length <= shortest && !/\n./s.test(text);
}

/** A line end at the end that is not asked for is no difference. */
function ended(expected: string, got: string): string {
  return got.endsWith('\n') && !expected.endsWith('\n') ? `${expected}\n` : expected;
}
