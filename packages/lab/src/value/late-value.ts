import { GoqemuError } from '@goqemu/core';
import type { SecretSource } from './secret-source.ts';

const brand = Symbol.for('goqemu.late');

/** Where a late value comes from. */
export type LateSource =
  /** Standard output of a `capture`, without its trailing newline. */
  | { readonly capture: { readonly machine: string; readonly name: string } }
  | { readonly secret: string; readonly from: SecretSource };

/**
 * A value that is known only while the lab is applied: captured output or a secret. It may stand in `sh`,
 * in `environment`, in a file's contents, in the values of `render` and in the outputs of the lab.
 * Turning it into a string by accident throws, at the place where that happens.
 */
export interface LateValue {
  readonly source: LateSource;
  readonly [Symbol.toPrimitive]: () => never;
}

export function lateValue(source: LateSource): LateValue {
  const refuse = (): never => {
    throw new GoqemuError({
      code: 'late-value-used-early',
      source: 'user',
      message: `${describeSource(source)} is not known yet when the lab is evaluated`,
      hint: 'write the text as sh`…` instead of a plain template, or pass the value through `environment`',
    });
  };
  // TypeScript accepts `${late}` whatever the type of toString is; only a throw at run time catches it.
  const value = { source, [Symbol.toPrimitive]: refuse, toString: refuse, toJSON: refuse };
  Object.defineProperty(value, brand, { value: true });
  return Object.freeze(value);
}

/** A guard instead of `instanceof`: a lab may carry a second instance of this module. */
export function isLateValue(value: unknown): value is LateValue {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

export function describeSource(source: LateSource): string {
  return 'secret' in source
    ? `the secret "${source.secret}"`
    : `the output "${source.capture.name}" of ${source.capture.machine}`;
}
