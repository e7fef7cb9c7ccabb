import type { TextPattern } from '../options/text-pattern.ts';
import { shortLine } from './bounded.ts';
import type { Evidence } from './question.ts';

/** Longer texts are not compared line by line: that takes long, and the message has no room for it. */
const longest = 64 * 1024;

/** A text of several lines against what it should be, as a unified diff; otherwise how it begins. */
export async function textDiff(expected: TextPattern, got: string, what: string): Promise<Evidence> {
  const isShort = typeof expected === 'string' && expected.length <= longest && got.length <= longest;
  if (!isShort || !(expected.includes('\n') || got.trimEnd().includes('\n')))
    return { title: `${what} begins with`, text: got === '' ? '(nothing)' : got, from: 'start' };
  const { createTwoFilesPatch } = await import('diff');
  const patch = createTwoFilesPatch('expected', 'got', ended(expected, got), got, '', '', { context: 2 });
  const lines = patch.split('\n').filter((line) => !/^(?:=+|Index:.*)$/.test(line));
  return { title: shortLine(`${what}, compared`), text: lines.join('\n'), from: 'start' };
}

/** A line end at the end that is not asked for is no difference. */
function ended(expected: string, got: string): string {
  return got.endsWith('\n') && !expected.endsWith('\n') ? `${expected}\n` : expected;
}
