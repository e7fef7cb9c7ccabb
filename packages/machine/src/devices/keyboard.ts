import { GoqemuError } from '@goqemu/core';
import type { QmpArguments } from '@goqemu/protocol';

/** A key by QEMU's name for it (QAPI `QKeyCode`, qapi/ui.json). */
export type KeyCode = Extract<QmpArguments<'send-key'>['keys'][number], { readonly data: string }>['data'];

/** What the keys of an American keyboard give alone and with shift. */
const symbols: readonly (readonly [plain: string, shifted: string, key: KeyCode])[] = [
  ['`', '~', 'grave_accent'],
  ['-', '_', 'minus'],
  ['=', '+', 'equal'],
  ['[', '{', 'bracket_left'],
  [']', '}', 'bracket_right'],
  ['\\', '|', 'backslash'],
  [';', ':', 'semicolon'],
  ["'", '"', 'apostrophe'],
  [',', '<', 'comma'],
  ['.', '>', 'dot'],
  ['/', '?', 'slash'],
];

const keys = new Map<string, readonly KeyCode[]>([
  [' ', ['spc']],
  ['\n', ['ret']],
  ['\t', ['tab']],
  ['\b', ['backspace']],
  ['\x1b', ['esc']],
]);
for (const [plain, shifted, key] of symbols) keys.set(plain, [key]).set(shifted, ['shift', key]);
for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
  keys.set(letter, [letter as KeyCode]).set(letter.toUpperCase(), ['shift', letter as KeyCode]);
}
for (const [digit, shifted] of [...')!@#$%^&*('].entries()) {
  keys.set(String(digit), [String(digit) as KeyCode]).set(shifted, ['shift', String(digit) as KeyCode]);
}

/**
 * The keys that give a character on an American keyboard.
 *
 * @throws GoqemuError `key-missing`
 */
export function keysOfCharacter(character: string): readonly KeyCode[] {
  const found = keys.get(character);
  if (found) return found;
  throw new GoqemuError({
    code: 'key-missing',
    source: 'user',
    subject: character,
    message: `an American keyboard has no key for ${JSON.stringify(character)}`,
    hint: 'press keys by their names, or send the text through the guest agent or SSH',
  });
}
