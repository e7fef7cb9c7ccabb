import { formatByteSize } from '@goqemu/core';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size for people, to three digits: `512 MiB`, `1.4 GiB`. `formatByteSize` is exact instead. */
export function roundedSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power]}`;
}

/** A size in the unit that needs the fewest digits, without rounding: `1 GiB`, `10 GB`. */
export function exactSize(bytes: number): string {
  const decimal = ['TB', 'GB', 'MB'].map((unit, index) => ({ unit, count: bytes / 1000 ** (4 - index) }));
  const whole = decimal.find(({ count }) => count >= 1 && Number.isInteger(count));
  const binary = formatByteSize(bytes);
  return whole && `${whole.count}`.length < `${Number.parseInt(binary, 10)}`.length
    ? `${whole.count} ${whole.unit}`
    : binary;
}
