import type { OutputStream } from '../shell/shell.ts';

type Paint = (text: string) => string;

/** Colours for one stream; every function returns its text unchanged where there are none. */
export interface Style {
  readonly coloured: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
}

/** SGR parameters of ECMA-48, §8.3.117. */
const on =
  (parameter: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${parameter}m${text}\u001b[${off}m`;

const coloured: Style = {
  coloured: true,
  bold: on(1, 22),
  dim: on(2, 22),
  red: on(31, 39),
  green: on(32, 39),
  yellow: on(33, 39),
  blue: on(34, 39),
  magenta: on(35, 39),
  cyan: on(36, 39),
};

const same: Paint = (text) => text;

export const plainStyle: Style = {
  coloured: false,
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
  magenta: same,
  cyan: same,
};

export interface ColourWish {
  /** From the command line. */
  readonly wanted: 'always' | 'never' | 'auto';
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The command line's wish first, then NO_COLOR (no-color.org), then whether the stream is a terminal. */
export function styleFor(stream: OutputStream, wish: ColourWish): Style {
  if (wish.wanted === 'always') return coloured;
  if (wish.wanted === 'never' || wish.env.NO_COLOR || wish.env.TERM === 'dumb') return plainStyle;
  return stream.isTTY === true ? coloured : plainStyle;
}
