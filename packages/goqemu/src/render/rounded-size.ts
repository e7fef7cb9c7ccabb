const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A human-readable size, to three digits: `512 MiB`, `1.4 GiB`. `formatByteSize` is exact instead. */
export function roundedSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power]}`;
}
