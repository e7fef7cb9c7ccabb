import { escapedCharacter, unseen } from '@goqemu/core';

const unseenCharacters = new RegExp(unseen, 'gu');

/** What `Style` writes: nothing else that begins with an escape comes from goqemu itself. */
const ownColours = String.raw`\u001b\[(?:1|2|22|3[1-6]|39)m`;
const ownColoursOrUnseen = new RegExp(`${ownColours}|${unseen}`, 'gu');

/** Text that goqemu has composed, with colours of its own: nothing else in it reaches the terminal as it is. */
export function screenText(text: string): string {
  return text.replace(ownColoursOrUnseen, (found) => (found.length > 2 ? found : escapedCharacter(found)));
}

/** A JSON document in which every such character is escaped, so that it can be shown as it is, and read as it was. */
export function jsonText(document: unknown, indentation?: number): string {
  return JSON.stringify(document, null, indentation).replace(unseenCharacters, (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
