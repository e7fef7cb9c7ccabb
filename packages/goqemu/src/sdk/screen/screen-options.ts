import type { Duration } from '@goqemu/core';
import type { KeyOptions, MouseButton, TextOptions } from '@goqemu/machine';
import { z } from 'zod';
import { timeLimit } from '../guest/duration-option.ts';
import { readOptions } from '../guest/invalid-option.ts';
import type { OperationOptions } from '../operation-options.ts';

/** Options of every call of a {@link MachineScreen}. */
export interface ScreenOptions extends OperationOptions {
  /**
   * How long it may take: a duration with its unit, or milliseconds; multiplied by `GOQEMU_TIMEOUT_SCALE`. Typing has the
   * pauses between its characters besides.
   *
   * @default '30 s'
   * @example '2 min'
   */
  readonly timeout?: Duration;
}

/** Options of {@link MachineScreen.press}. */
export interface PressOptions extends ScreenOptions, Pick<KeyOptions, 'holdMs'> {}

/** Options of {@link MachineScreen.type}. */
export interface TypeOptions extends ScreenOptions, Pick<TextOptions, 'characterMs'> {}

/** Options of {@link MachineScreen.click}. */
export interface ClickOptions extends ScreenOptions {
  /** @default 'left' */
  readonly button?: MouseButton;
}

const milliseconds = z.number().min(0).max(60_000);
const common = {
  signal: z.instanceof(AbortSignal, { message: 'expected an AbortSignal' }).optional(),
  timeout: timeLimit.optional(),
};
const buttons = [
  'left',
  'middle',
  'right',
  'wheel-up',
  'wheel-down',
  'side',
  'extra',
] as const satisfies readonly MouseButton[];
const schemas = {
  screenshot: z.strictObject(common),
  size: z.strictObject(common),
  move: z.strictObject(common),
  press: z.strictObject({ ...common, holdMs: milliseconds.optional() }),
  type: z.strictObject({ ...common, characterMs: milliseconds.optional() }),
  click: z.strictObject({ ...common, button: z.enum(buttons).optional() }),
};

/** What of a screen is called. */
export type ScreenCall = keyof typeof schemas;

/** @throws GoqemuError `option-invalid` */
export function readScreenOptions<Call extends ScreenCall>(
  call: Call,
  given: unknown,
): z.output<(typeof schemas)[Call]> {
  return readOptions(schemas[call], given, `screen.${call}`) as z.output<(typeof schemas)[Call]>;
}

const place = z.number().min(0);

/** @throws GoqemuError `option-invalid` */
export function readPlace(call: ScreenCall, given: { readonly x: number; readonly y: number }): void {
  readOptions(z.object({ x: place, y: place }), given, `screen.${call}`);
}
