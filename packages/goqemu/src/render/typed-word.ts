import { visibleWord } from '@goqemu/core';

/**
 * A word as it can be typed at a shell: quoted where it has to be. Characters that would not be seen stand as escapes
 * in `$'…'`, which bash, zsh and ksh read back.
 */
export function typedWord(word: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(word)) return word;
  if (visibleWord(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = [...word].map((character) =>
    visibleWord(character) === character ? character.replace(/['\\]/, '\\$&') : ansiEscape(character),
  );
  return `$'${escaped.join('')}'`;
}

function ansiEscape(character: string): string {
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}
