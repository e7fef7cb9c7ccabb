import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** What a reader of a page does, in order. */
export type TutorialPart =
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  | {
      readonly kind: 'commands';
      readonly commands: readonly string[];
      readonly shows: readonly RegExp[];
      readonly fails: boolean;
    };

/**
 * The blocks of a page: a file to write has its name in a comment in its first line, `sh` is typed, and the `text` after it is
 * what the terminal shows then: these lines in this order, with `…` for anything. A command may fail where an error is shown.
 *
 * @param end a heading: what is from there on is not part of it
 */
export function tutorialParts(page: string, end?: string): readonly TutorialPart[] {
  const parts: TutorialPart[] = [];
  const text = readFileSync(page, 'utf8');
  const whole = end === undefined ? text : text.slice(0, text.indexOf(`\n${end}\n`));
  for (const [, language, code = ''] of whole.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    if (language === 'sh')
      parts.push({ kind: 'commands', commands: code.trimEnd().split('\n'), shows: [], fails: false });
    else if (language === 'text') {
      const last = parts.at(-1);
      const shows = code.trimEnd().split('\n').map(pattern);
      if (last?.kind === 'commands') parts[parts.length - 1] = { ...last, shows, fails: /^(?:curl|cat): /m.test(code) };
    } else parts.push({ kind: 'file', path: fileName(code), content: code });
  }
  return parts;
}

function fileName(code: string): string {
  const name = /^(?:\/\/|#|<!--) (\S+)/.exec(code)?.[1];
  if (name === undefined) throw new Error(`a block of the page has no file name in its first line:\n${code}`);
  return name;
}

/** What the terminal shows has these lines, in this order. */
export function assertShows(screen: string, shows: readonly RegExp[]): void {
  const lines = screen.split('\n').filter((line) => line.trim() !== '');
  for (const pattern of shows) {
    const at = lines.findIndex((line) => pattern.test(line));
    assert.ok(at >= 0, `${pattern} is not shown after what is before it:\n${screen}`);
    lines.splice(0, at + 1);
  }
}

/** Spaces are as many as a list on the terminal needs. */
function pattern(line: string): RegExp {
  const words = line
    .trim()
    .split(/\s+/)
    .map((word) => (word === '…' ? '.*' : word.split('…').map(escaped).join('.*')));
  return new RegExp(`^\\s*${words.join('\\s+').replaceAll('\\s+.*', '.*')}\\s*$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
