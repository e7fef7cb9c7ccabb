import { stripVTControlCharacters } from 'node:util';

/**
 * Characters that a terminal obeys or leaves out instead of showing them: controls, line separators, halves of
 * characters, and everything that Unicode calls format or ignorable (UAX #9 and #44), with which text can be shown in
 * another order than it has, or not at all. Newline and tab do no harm, nor does the selector of an emoji's colours.
 * The source of a regular expression, for the flag `u`.
 */
export const unseen = String.raw`(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}](?<!\p{Emoji}\ufe0f)`;
const unseenCharacters = new RegExp(unseen, 'gu');

/** Every character is seen: those that a terminal would obey stand as `\u{202e}`. For what must be read as it is. */
export function visible(text: string): string {
  return text.replace(unseenCharacters, escapedCharacter);
}

/** A text whose newlines are no lines of their own either, such as a name. */
export function visibleWord(text: string): string {
  return visible(text).replace(/[\n\t]/g, escapedCharacter);
}

/** The output of a program in a guest: its colours and its other escape sequences are taken out, the rest is visible. */
export function printable(text: string): string {
  return visible(stripVTControlCharacters(text.replaceAll('\r\n', '\n')));
}

/** A character as its code point: `\u{202e}`. */
export function escapedCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
