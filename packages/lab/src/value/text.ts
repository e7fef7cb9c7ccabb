import type { LateSource, LateValue } from './late-value.ts';
import { isLateValue } from './late-value.ts';

/** A piece of a text: known, or to be filled in while the lab is applied. */
export type TextPart = string | { readonly late: LateSource; readonly quote: 'shell' | 'none' };

/** A text with the places where late values will stand. JSON, so that it can be part of a saved plan. */
export type Text = readonly TextPart[];

const brand = Symbol.for('goqemu.text');

/** What `sh` gives: a script that knows which of its parts are late. */
export interface ShellText {
  readonly parts: Text;
  readonly [Symbol.toPrimitive]: () => never;
}

/** Whatever may be given where a text is wanted. */
export type TextInput = string | LateValue | ShellText;

export function brandText(text: ShellText): ShellText {
  return Object.freeze(Object.defineProperty(text, brand, { value: true }));
}

export function isShellText(value: unknown): value is ShellText {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

export function textOf(input: TextInput): Text {
  if (typeof input === 'string') return [input];
  return isLateValue(input) ? [{ late: input.source, quote: 'none' }] : input.parts;
}

/** The late values that a text waits for. */
export function sourcesOf(text: Text): readonly LateSource[] {
  return text.flatMap((part) => (typeof part === 'string' ? [] : [part.late]));
}

/** The human-readable text, with `‹name›` where a late value will stand. */
export function previewText(text: Text): string {
  return text
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'secret' in part.late
        ? `‹secret ${part.late.secret}›`
        : `‹${part.late.capture.machine}.out.${part.late.capture.name}›`;
    })
    .join('');
}
