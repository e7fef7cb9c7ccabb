import type { AskCall } from '../ask/ask-guest.ts';
import type { Question } from '../expect/question.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import { findText } from '../screen/find-text.ts';
import type { ScreenArea } from '../screen/picture.ts';
import { lineText, readScreenText, type ScreenLine } from '../screen/read-text.ts';
import { screenOf } from '../screen/screen-of.ts';
import type { Check } from './check.ts';

/** What a text is expected to be. */
export interface ScreenTextMatchers {
  /**
   * It is on the screen, as OCR reads it: in one line.
   *
   * @throws GoqemuError `ocr-missing` on a host without tesseract; `display-absent` for a machine without a display
   * @example
   * await expect(web.screen.getByText('login:')).toBeVisible({ timeout: '2 min' });
   */
  toBeVisible(options?: WaitOptions): Promise<void>;
}

export type ScreenTextProbe = ProbeOf<'screenText', string | RegExp>;

/** What was read, and where the text is. */
export interface ReadScreen {
  readonly lines: readonly ScreenLine[];
  readonly found: ScreenArea | undefined;
}

export function screenTextMatchers(probe: ScreenTextProbe, check: Check): ScreenTextMatchers {
  return {
    toBeVisible: (options) => check('toBeVisible', [], options, () => textQuestion(probe)),
  };
}

/** A screen that has not changed, but for its cursor that blinks, is not read again. */
export function textQuestion({ subject: wanted, machine }: ScreenTextProbe): Question<ReadScreen> {
  const before: { readonly png: Uint8Array; readonly read: ReadScreen }[] = [];
  return {
    expected: `${typeof wanted === 'string' ? JSON.stringify(wanted) : wanted} on the screen`,
    expectedValue: wanted,
    async ask({ timeoutMs, signal }: AskCall): Promise<ReadScreen> {
      const options = { timeout: Math.ceil(timeoutMs), ...(signal ? { signal } : {}) };
      const png = await screenOf(machine).screenshot(options);
      const known = before.find((one) => Buffer.compare(png, one.png) === 0);
      if (known) return known.read;
      const lines = await readScreenText(png, signal);
      const read = { lines, found: findText(lines, wanted) };
      before.push({ png, read });
      if (before.length > 2) before.shift();
      return read;
    },
    holds: ({ found }) => found !== undefined,
    got: ({ lines, found }) => (found ? 'it is there' : lines.length === 0 ? 'a screen without text' : 'another text'),
    gotValue: ({ lines }) => textOf(lines),
    evidence: async (seen) => seen && { title: 'the screen, as it was read', text: textOf(seen.lines), from: 'end' },
  };
}

function textOf(lines: readonly ScreenLine[]): string {
  return lines.map(lineText).join('\n');
}
