import { GoqemuError } from '../errors/goqemu-error.ts';
import { shownValue } from '../text/shown-value.ts';

/** A number of milliseconds, or text with a unit (`'90 s'`, `'5 min'`). */
export type Duration = number | `${number}${'' | ' '}${DurationUnit}`;
/** Units of durations. */
export type DurationUnit = 'ms' | 's' | 'min' | 'h' | 'd';

const factors: Record<DurationUnit, number> = { ms: 1, s: 1e3, min: 6e4, h: 36e5, d: 864e5 };

/**
 * Reads a duration as a whole number of milliseconds.
 *
 * @throws GoqemuError `duration-invalid` when it is not a duration, or not above zero
 * @example
 * parseDuration('90 s', 'timeout'); // 90000
 */
export function parseDuration(duration: Duration, option: string): number {
  const milliseconds = typeof duration === 'number' ? duration : parseText(duration);
  if (!Number.isSafeInteger(milliseconds) || milliseconds <= 0) {
    throw new GoqemuError({
      code: 'duration-invalid',
      source: 'user',
      subject: option,
      message: `${option}: expected a duration such as '90 s' or a positive whole number of milliseconds, got ${shownValue(duration)}`,
      hint: `write a number with one of the units ${Object.keys(factors).join(', ')}`,
    });
  }
  return milliseconds;
}

function parseText(text: unknown): number {
  if (typeof text !== 'string') return Number.NaN;
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|min|h|d)$/.exec(text.trim());
  return match ? Math.round(Number(match[1]) * factors[match[2] as DurationUnit]) : Number.NaN;
}

/** Formats a duration for reading: `85 ms`, `1.4 s`, `2 min 5 s`, `1 h 4 min`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  const minutes = Math.round(whole / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}
