import { stripVTControlCharacters } from 'node:util';

/**
 * Characters that a terminal obeys or leaves out instead of showing them: controls, line separators, halves of
 * characters, and everything that Unicode calls format or ignorable (UAX #9 and #44), with which text can be shown in
 * another order than it has, or not at all. Newline and tab do no harm, nor does the selector of an emoji's colours.
 */
const unseen = String.raw`(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}](?<!\p{Emoji}\ufe0f)`;
const unseenCharacters = new RegExp(unseen, 'gu');

/** What `Style` writes: nothing else that begins with an escape comes from goqemu itself. */
const ownColours = String.raw`\u001b\[(?:1|2|22|3[1-6]|39)m`;
const ownColoursOrUnseen = new RegExp(`${ownColours}|${unseen}`, 'gu');

/** Every character is seen: those that a terminal would obey stand as `\u{202e}`. For what must be read as it is. */
export function visible(text: string): string {
  return text.replace(unseenCharacters, escaped);
}

/** A text whose newlines are no lines of their own either, such as a name. */
export function visibleWord(text: string): string {
  return visible(text).replace(/[\n\t]/g, escaped);
}

/** The output of a program in a guest: its colours and its other escape sequences are taken out, the rest is visible. */
export function printable(text: string): string {
  return visible(stripVTControlCharacters(text.replaceAll('\r\n', '\n')));
}

/** Text that goqemu has composed, with colours of its own: nothing else in it reaches the terminal as it is. */
export function screenText(text: string): string {
  return text.replace(ownColoursOrUnseen, (found) => (found.length > 2 ? found : escaped(found)));
}

/** A JSON document in which every such character is escaped, so that it can be shown as it is, and read as it was. */
export function jsonText(document: unknown, indentation?: number): string {
  return JSON.stringify(document, null, indentation).replace(unseenCharacters, (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
