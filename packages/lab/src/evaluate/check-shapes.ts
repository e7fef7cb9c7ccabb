import { type SourceLocation, shownValue } from '@goqemu/core';
import { labError } from './lab-error.ts';

/** An option, and whose it is. */
export interface OptionAt {
  /** `web`, `web/nginx`. */
  readonly subject: string;
  readonly option: string;
  readonly place: () => SourceLocation | undefined;
}

/**
 * What is neither true nor false counts as neither: `protect: 'yes'` would protect nothing.
 *
 * @throws GoqemuError `option-invalid`
 */
export function checkFlag(value: unknown, { subject, option, place }: OptionAt): boolean {
  if (typeof value === 'boolean') return value;
  throw labError('option-invalid', {
    message: `${subject}: ${option} must be true or false, got ${shownValue(value)}`,
    location: place(),
    hint: `write ${option}: true`,
    subject,
  });
}

/**
 * An object whose names the lab chooses. Of a number or a function there would be none, and nothing said.
 *
 * @param example what is inside of the braces
 * @throws GoqemuError `options-invalid`
 */
export function checkNamed<T extends object>(value: T, { subject, option, place }: OptionAt, example: string): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw labError('options-invalid', {
    message: `${subject}: ${option} must be an object, got ${shownValue(value)}`,
    location: place(),
    hint: `write ${option}: { ${example} }`,
    subject,
  });
}
