import type { WaitOptions } from '../options/wait-options.ts';
import type { Probe } from './probe.ts';

/** The screen of a machine: `expect` takes it, and finds texts on it. It has the calls of the machine's own `screen`, too. */
export interface ScreenProbes extends Probe<'screen'> {
  /**
   * A text on the screen, as OCR reads it; in one line. In a string spaces count for nothing, and neither do differences between
   * characters that look alike in a console, such as `0` and `O`.
   *
   * @throws GoqemuError `option-invalid` for an empty text
   */
  getByText(text: string | RegExp): ScreenText;
}

/** A text on the screen of a machine. */
export interface ScreenText extends Probe<'screenText'> {
  /**
   * Waits until it is there, and clicks in its middle.
   *
   * @throws ExpectationError when the time is up; GoqemuError `ocr-missing`, `display-absent`
   */
  click(options?: WaitOptions): Promise<void>;
}
