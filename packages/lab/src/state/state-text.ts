import { createHash } from 'node:crypto';
import type { LabState } from './lab-state.ts';

/** Its last property, which is of the text before it. */
const ending = /,\n "checksum": "([0-9a-f]{16})"\n}\n$/;
/** Characters of that, and some more. */
const endingLength = 50;

/** A state as its file has it: JSON, with a checksum, since a bit that is turned over would be read as another state. */
export function formatState(state: LabState): string {
  const body = JSON.stringify(state, null, 1).slice(0, -'\n}'.length);
  return `${body},\n "checksum": "${checksum(body)}"\n}\n`;
}

/** False for what was changed since it was written. What has no checksum in its place is not judged. */
export function isUnchanged(text: string): boolean {
  const found = ending.exec(text.slice(-endingLength));
  if (!found) return true;
  return checksum(text.slice(0, -found[0].length)) === found[1];
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}
