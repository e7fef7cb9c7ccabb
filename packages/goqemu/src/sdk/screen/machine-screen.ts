import { type Duration, GoqemuError, parseDuration, scaledTimeout, withDeadline } from '@goqemu/core';
import type { Display, KeyCode, ScreenSize } from '@goqemu/machine';
import type { ScreenAccess } from './screen-access.ts';
import {
  type ClickOptions,
  type PressOptions,
  readPlace,
  readScreenOptions,
  type ScreenCall,
  type ScreenOptions,
  type TypeOptions,
} from './screen-options.ts';

const usualTimeout = '30 s';
/** Of `machine.display.typeText`. */
const usualCharacterMs = 40;

/**
 * The screen, keyboard and pointer of a machine that has `display: true`. Each call goes to its QEMU, whatever the guest is
 * at: firmware, boot loader, installer, login.
 *
 * Each rejects with `display-absent` for a machine without a display, with `vm-not-running` or `machine-not-running` for one
 * that does not run, and with `timeout`.
 *
 * @example
 * await using vm = await createVM({ display: true });
 * await vm.start();
 * await writeFile('screen.png', await vm.screen.screenshot());
 */
export class MachineScreen {
  readonly #access: ScreenAccess;

  /** @internal */
  constructor(access: ScreenAccess) {
    this.#access = access;
  }

  /**
   * A picture of the screen as PNG, which takes QEMU 7.1 or newer.
   *
   * @throws GoqemuError `display-absent`; QmpCommandError where QEMU cannot write PNG
   */
  screenshot(options?: ScreenOptions): Promise<Buffer> {
    return this.#use('screenshot', options, (display, signal) => display.screenshot({ signal }));
  }

  /** Width and height in pixels; a guest changes them with its mode: a text console of a PC has 720 × 400. */
  size(options?: ScreenOptions): Promise<ScreenSize> {
    return this.#use('size', options, (display, signal) => display.size({ signal }));
  }

  /**
   * Presses keys together, and lets them go; names are QEMU's `QKeyCode`. The guest's keyboard has them when this resolves.
   *
   * @throws GoqemuError `input-dropped` when the machine is paused
   * @example
   * await vm.screen.press(['ctrl', 'alt', 'delete']);
   */
  async press(keys: KeyCode | readonly KeyCode[], options?: PressOptions): Promise<void> {
    const { holdMs } = readScreenOptions('press', options);
    const all = typeof keys === 'string' ? [keys] : keys;
    await this.#use('press', options, (display, signal) =>
      display.pressKeys(all, { signal, ...(holdMs === undefined ? {} : { holdMs }) }),
    );
  }

  /**
   * Types a text as on an American keyboard; `\n` is Enter. A guest that is emulated may lose characters: give it more time
   * by `characterMs`, 40 ms by default.
   *
   * @throws GoqemuError `key-missing` for a character that this keyboard has not: nothing is typed then; `input-dropped` when
   *   the machine is paused
   * @example
   * await vm.screen.type('root\n');
   */
  async type(text: string, options?: TypeOptions): Promise<void> {
    const { characterMs = usualCharacterMs } = readScreenOptions('type', options);
    await this.#use(
      'type',
      options,
      (display, signal) => display.typeText(text, { signal, characterMs }),
      text.length * characterMs,
    );
  }

  /**
   * Moves the pointer to a pixel of the screen, counted from 0 at its upper left corner. The guest needs a driver for a USB
   * tablet, which cloud images of Debian do not have.
   *
   * @throws GoqemuError `option-invalid` for a place outside of the screen; `input-dropped` when the machine is paused
   */
  async move(x: number, y: number, options?: ScreenOptions): Promise<void> {
    readPlace('move', { x, y });
    await this.#use('move', options, (display, signal) => moveTo(display, { x, y }, signal));
  }

  /**
   * Presses a button of the mouse and lets it go: at a pixel of the screen, or where the pointer is.
   *
   * @throws GoqemuError as {@link MachineScreen.move}
   * @example
   * await vm.screen.click(360, 200, { button: 'right' });
   */
  click(x: number, y: number, options?: ClickOptions): Promise<void>;
  click(options?: ClickOptions): Promise<void>;
  async click(first?: number | ClickOptions, y?: number, third?: ClickOptions): Promise<void> {
    const at = typeof first === 'number' || y !== undefined ? { x: first as number, y: y as number } : undefined;
    const options = at ? third : (first as ClickOptions | undefined);
    if (at) readPlace('click', at);
    const { button } = readScreenOptions('click', options);
    await this.#use('click', options, async (display, signal) => {
      if (at) await moveTo(display, at, signal);
      await display.click(button, { signal });
    });
  }

  /** @param pausesMs what it takes by itself */
  async #use<T>(
    call: ScreenCall,
    options: ScreenOptions | undefined,
    work: (display: Display, signal: AbortSignal) => Promise<T>,
    pausesMs = 0,
  ): Promise<T> {
    const { timeout = usualTimeout, signal } = readScreenOptions(call, options) as ScreenOptions;
    const limit = scaledTimeout(parseDuration(timeout as Duration, 'timeout'), process.env) + pausesMs;
    const what = `screen.${call}`;
    return withDeadline(what, limit, signal, (inner) =>
      this.#access.use(what, (display) => work(display, inner), inner),
    );
  }
}

/** The middle of the pixel: QEMU takes places as parts of the whole. */
async function moveTo(display: Display, { x, y }: Point, signal: AbortSignal): Promise<void> {
  const { width, height } = await display.size({ signal });
  if (x >= width || y >= height) throw outside({ x, y }, { width, height });
  await display.movePointer((Math.floor(x) + 0.5) / width, (Math.floor(y) + 0.5) / height, { signal });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function outside({ x, y }: Point, { width, height }: ScreenSize): GoqemuError {
  return new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: 'screen',
    message: `${x}, ${y} is outside of the screen, which is ${width} pixels wide and ${height} high`,
    hint: 'places are pixels from the upper left corner, from 0',
  });
}
