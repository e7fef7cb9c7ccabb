import type { SourceLocation } from '@goqemu/core';
import { isLateValue } from '../value/late-value.ts';
import { isShellText, textOf } from '../value/text.ts';
import type { OutputValue } from './lab.ts';
import { labError } from './lab-error.ts';
import { MachineRecorder } from './machine-recorder.ts';

/**
 * What the lab's program returned, as plain data: a machine as its name.
 *
 * @throws GoqemuError `output-invalid` for functions and other things that are no data
 */
export function outputValue(
  value: unknown,
  place: () => SourceLocation | undefined,
  path = 'outputs',
  around: readonly unknown[] = [],
): OutputValue {
  if (value === undefined || value === null) return path === 'outputs' ? {} : null;
  if (isLateValue(value) || isShellText(value)) return { $text: textOf(value) };
  if (value instanceof MachineRecorder) return value.name;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const within = [...around, value];
  const item = (one: unknown, name: string) => outputValue(one, place, `${path}${name}`, within);
  const isRing = around.includes(value);
  if (Array.isArray(value) && !isRing) return value.map((one, index) => item(one, `[${index}]`));
  if (typeof value === 'object' && !isRing && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item(one, `.${key}`)]));
  }
  throw labError('output-invalid', {
    message: `${path}: the lab returns something that is no data${isRing ? ': an object that holds itself' : ''}`,
    location: place(),
    hint: 'return machines, strings, numbers, booleans, late values, and lists and objects of these',
  });
}
