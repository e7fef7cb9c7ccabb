import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'screens');

/**
 * Compares a screen with the one in `screens/NAME.txt`, which a person has looked at. With GOQEMU_UPDATE_SCREENS set it is
 * written instead: look at what `git diff` says then.
 */
export function assertScreen(name: string, screen: string): void {
  const text = `${settled(screen)}\n`;
  const file = join(folder, `${name}.txt`);
  if (process.env.GOQEMU_UPDATE_SCREENS) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, readFileSync(file, 'utf8'));
}

/** Without what differs from run to run: times, and the empty lines below. */
function settled(screen: string): string {
  return screen
    .replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '⠋')
    .replace(/\d[\d.]*(?: ?(?:ms|s|min)\b| ?…)/g, 'TIME') // also one that a narrow terminal has cut
    .trimEnd();
}
