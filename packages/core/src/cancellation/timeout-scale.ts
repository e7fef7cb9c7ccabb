import { GoqemuError } from '../errors/goqemu-error.ts';

/** The environment variable that makes time-outs longer on a slow host, or shorter. */
const name = 'GOQEMU_TIMEOUT_SCALE';
const most = 1000;

/**
 * By what time-outs are multiplied: `GOQEMU_TIMEOUT_SCALE`, a number greater than 0 and at most 1000; 1 without it.
 *
 * @throws GoqemuError `timeout-scale-invalid`
 */
export function timeoutScale(env: Readonly<Record<string, string | undefined>>): number {
  const text = env[name]?.trim();
  if (text === undefined || text === '') return 1;
  const scale = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (scale > 0 && scale <= most) return scale;
  throw new GoqemuError({
    code: 'timeout-scale-invalid',
    source: 'user',
    subject: name,
    message: `${name} must be a number greater than 0 and at most ${most}, got ${JSON.stringify(text)}`,
    hint: `on a slow host write ${name}=4, for example`,
  });
}

/** A time-out in milliseconds, multiplied by the scale. */
export function scaledTimeout(milliseconds: number, env: Readonly<Record<string, string | undefined>>): number {
  return Math.ceil(milliseconds * timeoutScale(env));
}
