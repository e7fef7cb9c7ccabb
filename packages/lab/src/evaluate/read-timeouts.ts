import { parseDuration, type SourceLocation, shownValue } from '@goqemu/core';
import { type MachineTimeouts, timeoutNames } from '@goqemu/spec';
import type { TimeoutOptions } from '../definition/timeout-options.ts';
import { checkOptions } from './check-options.ts';
import { labError, locate } from './lab-error.ts';

/** Timers of Node.js take no more (a little less than 25 days). */
const mostMs = 2 ** 31 - 1;

/**
 * The time-outs that a lab or a machine is written with, in milliseconds.
 *
 * @param subject the machine; undefined for those of the lab
 * @throws GoqemuError `option-unknown`, `options-invalid`, `duration-invalid`, `timeouts-invalid`
 */
export function readTimeouts(
  options: TimeoutOptions | undefined,
  subject: string | undefined,
  place: () => SourceLocation | undefined,
): MachineTimeouts {
  if (options === undefined) return {};
  checkOptions('timeouts', options, { ...(subject === undefined ? {} : { subject }), place });
  const written = timeoutNames.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(
    written.map(([name, value]) => {
      const option = `${subject === undefined ? '' : `${subject}: `}timeouts.${name}`;
      const milliseconds = locate(place, () => parseDuration(value, option));
      if (milliseconds <= mostMs) return [name, milliseconds];
      const message = `${option} must be less than 25 days, got ${shownValue(value)}`;
      throw labError('timeouts-invalid', {
        message,
        location: place(),
        hint: `write timeouts: { ${name}: '10 min' }`,
        subject,
      });
    }),
  );
}
