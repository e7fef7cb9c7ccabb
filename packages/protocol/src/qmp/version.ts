/** A QEMU version, as in the greeting and in `query-version`. */
export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  /** The distributor's name of the build, such as `Debian 1:7.2+dfsg-7`; may be empty. */
  readonly package: string;
}

/** `7.2.22` */
export function formatQemuVersion(version: QemuVersion): string {
  return `${version.major}.${version.minor}.${version.micro}`;
}

/** True when `version` is not older than `since`, which is written as in QEMU's documents (`7.2`, `2.12.1`). */
export function isAtLeast(version: QemuVersion, since: string): boolean {
  const wanted = since.split('.').map(Number);
  const have = [version.major, version.minor, version.micro];
  for (const [index, part] of have.entries()) {
    const other = wanted[index] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}
