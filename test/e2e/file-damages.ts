import { chmod, copyFile, mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** What happens to a file; `foreign` is what another lab has in its place. */
export const damages = {
  missing: (path: string) => rm(path, { recursive: true }),
  empty: (path: string) => truncate(path),
  'cut short': async (path: string) => truncate(path, Math.floor((await stat(path)).size / 2)),
  'full of zeros': async (path: string) => writeFile(path, Buffer.alloc(Math.min((await stat(path)).size, 2 ** 20))),
  'a folder': async (path: string) => {
    await rm(path, { recursive: true });
    await mkdir(path);
  },
  garbage: async (path: string) => writeFile(path, Buffer.alloc(Math.min((await stat(path)).size, 2 ** 20), 0xa5)),
  "another lab's": async (path: string, foreign: string | undefined) => {
    await rm(path); // QEMU may have the old one open
    await (foreign === undefined ? writeFile(path, '{"of":"another"}\n') : copyFile(foreign, path));
  },
  unreadable: (path: string) => chmod(path, 0),
} as const satisfies Record<string, (path: string, foreign: string | undefined) => Promise<unknown>>;

export type Damage = keyof typeof damages;

/** For root every file is readable, unless it has given up the capabilities for that (capabilities(7)). */
export const withoutOverride: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];

/** The same for each file of one kind: which layer or machine it belongs to is left out. */
export function kindOf(path: string): string {
  const folder = basename(dirname(path)).replace(/[0-9a-f]{12}/, 'ID');
  return `${folder}/${basename(path)}`.replace(/[0-9a-f]{8,}/g, 'ID').replace(/disk-\d+/, 'disk-N');
}
