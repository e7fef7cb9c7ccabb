import { stripVTControlCharacters } from 'node:util';

/**
 * Text from a guest or a file, safe for a terminal: escape sequences are taken out and other control characters,
 * but tab and newline, are shown as pictures, so that output can neither move the cursor nor set the title.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(/\p{Cc}/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}
