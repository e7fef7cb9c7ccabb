import { GoqemuError } from '../errors/goqemu-error.ts';
import { shownValue } from '../text/shown-value.ts';

/** A number of bytes, or text with a unit: binary (`'1 GiB'`) or decimal (`'10 GB'`). */
export type ByteSize = number | `${number}${'' | ' '}${ByteUnit}`;
/** Units of sizes: `kB`, `MB`, … are powers of 1000, `KiB`, `MiB`, … of 1024. */
export type ByteUnit = 'B' | 'kB' | 'KB' | 'MB' | 'GB' | 'TB' | 'KiB' | 'MiB' | 'GiB' | 'TiB';

const factors: Record<ByteUnit, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * Reads a size as a whole number of bytes. Units follow IEC 80000-13: `MB` is 10⁶, `MiB` is 2²⁰.
 *
 * @param option name of the option, for the message
 * @throws GoqemuError `size-invalid` when it is not a size, is negative, is zero, or is beyond 2⁵³
 * @example
 * parseByteSize('4 GiB', 'memory'); // 4294967296
 */
export function parseByteSize(size: ByteSize, option: string): number {
  const bytes = typeof size === 'number' ? size : parseText(size);
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new GoqemuError({
      code: 'size-invalid',
      source: 'user',
      subject: option,
      message: `${option}: expected a size such as '4 GiB' or a positive whole number of bytes, got ${shownValue(size)}`,
      hint: `write a number with one of the units ${Object.keys(factors).join(', ')}`,
    });
  }
  return bytes;
}

function parseText(text: unknown): number {
  if (typeof text !== 'string') return Number.NaN;
  const match = /^(\d+(?:\.\d+)?) ?([kKMGT]i?B|B)$/.exec(text.trim());
  const factor = match && factors[match[2] as ByteUnit];
  return factor ? Math.round(Number(match[1]) * factor) : Number.NaN;
}

/** Formats a size for reading, in binary units when it is a whole number of them. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const amount = bytes / factors[unit];
    // 10 GB are also 9765625 KiB, which is unreadable; 1100 MiB of memory are no other unit's.
    const most = unit === 'MiB' ? 1e5 : 1024;
    if (amount >= 1 && amount < most && Number.isInteger(amount * 10)) return `${bytes / factors[unit]} ${unit}`;
  }
  for (const unit of ['TB', 'GB', 'MB', 'kB'] as const) {
    if (bytes >= factors[unit]) return `${Math.round((bytes / factors[unit]) * 10) / 10} ${unit}`;
  }
  return `${bytes} B`;
}
