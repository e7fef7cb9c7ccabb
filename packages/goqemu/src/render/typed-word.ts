import { visibleWord } from '@goqemu/core';

/**
 * A word as it can be typed at a shell: quoted where it has to be, and without a character that would not be seen.
 *
 * @param system whose shell it is: PowerShell on Windows, elsewhere bash, zsh or ksh
 */
export function typedWord(word: string, system: NodeJS.Platform = process.platform): string {
  return system === 'win32' ? powershellWord(word) : shellWord(word);
}

/** Characters that would not be seen stand as escapes in `$'…'`. */
function shellWord(word: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(word)) return word;
  if (visibleWord(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = (character: string) =>
    visibleWord(character) === character
      ? character.replace(/['\\]/, '\\$&')
      : `\\U${hexadecimal(character).padStart(8, '0')}`;
  return `$'${[...word].map(escaped).join('')}'`;
}

/**
 * To PowerShell four more characters are single quotes, a backslash is a character as any other (about_Quoting_Rules), and
 * `--` without quotes is its own, since npm starts commands by a script of it. What Windows PowerShell 5.1 has no escape for
 * stands as an expression.
 */
function powershellWord(word: string): string {
  if (word !== '--' && /^[A-Za-z0-9_.\\/:+=-]+$/.test(word)) return word;
  if (visibleWord(word) === word) return `'${word.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
  const unseen = (unit: string) => `$([char]0x${hexadecimal(unit)})`;
  const escaped = (character: string) =>
    visibleWord(character) === character
      ? character.replace(/["$`\u201c-\u201e]/, '`$&')
      : character.split('').map(unseen).join('');
  return `"${[...word].map(escaped).join('')}"`;
}

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
