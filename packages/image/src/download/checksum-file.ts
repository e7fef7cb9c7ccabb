export type ChecksumAlgorithm = 'sha256' | 'sha512';

export interface PublisherChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hex. */
  readonly value: string;
}

const digits: Readonly<Record<ChecksumAlgorithm, number>> = { sha256: 64, sha512: 128 };

/**
 * Finds a file's checksum in what publishers put beside their images: lines of GNU coreutils (`HEX  name`,
 * `HEX *name`), BSD lines (`SHA256 (name) = HEX`), also inside an OpenPGP clear-signed message, or the bare
 * hexadecimal digits. Undefined when the file is not in it.
 */
export function findChecksum(
  text: string,
  fileName: string,
  algorithm: ChecksumAlgorithm,
): PublisherChecksum | undefined {
  const hex = `([0-9a-fA-F]{${digits[algorithm]}})`;
  const gnu = new RegExp(`^\\\\?${hex} [ *](.+)$`);
  const bsd = new RegExp(`^${algorithm.toUpperCase()} ?\\((.+)\\) ?= ?${hex}$`);
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  for (const line of lines) {
    const [, gnuValue, gnuName] = gnu.exec(line) ?? [];
    if (gnuValue && gnuName && sameFile(gnuName, fileName)) return { algorithm, value: gnuValue.toLowerCase() };
    const [, bsdName, bsdValue] = bsd.exec(line) ?? [];
    if (bsdValue && bsdName && sameFile(bsdName, fileName)) return { algorithm, value: bsdValue.toLowerCase() };
  }
  const words = lines.filter(Boolean);
  const bare = words.length === 1 ? new RegExp(`^${hex}$`).exec(words[0] ?? '') : null;
  return bare?.[1] ? { algorithm, value: bare[1].toLowerCase() } : undefined;
}

const sameFile = (written: string, fileName: string) => written.replace(/^.*\//, '') === fileName;
