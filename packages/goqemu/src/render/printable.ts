/**
 * Text from a guest or a file, safe for a terminal: control characters other than tab and newline are shown as
 * pictures, so that output cannot move the cursor or set the window's title.
 */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/\u001b\[[\d;:]*m/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(/[\u007f-\u009f]/g, '\ufffd');
}
